package rewrite

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/load"
	"github.com/luxfi/metric/cmd/migrate/internal/source"
)

// qualifier returns the prefix of a package's names at a position: the import's name and a dot. It adds
// the import to the change if it is missing.
func (f *fixer) qualifier(c *change, pos token.Pos, path string) string {
	tree := f.round.FileAt(pos)
	for _, spec := range tree.Imports {
		if importPath(spec) != path {
			continue
		}
		if spec.Name != nil && spec.Name.Name == "." {
			return ""
		}
		if name := f.importName(tree, spec); name != "_" && f.sees(tree, pos, name) {
			return name + "."
		}
	}
	below, isClient := strings.CutPrefix(path, load.ClientRoot)
	name := path[strings.LastIndexByte(path, '/')+1:]
	if isClient && isShared(below) {
		name = keptName(below)
	}
	fresh := name
	for i := 2; f.isTaken(tree, fresh); i++ {
		fresh = name + strconv.Itoa(i)
	}
	spec := strconv.Quote(path)
	if fresh != path[strings.LastIndexByte(path, '/')+1:] {
		spec = fresh + " " + spec
	}
	f.addImport(c, tree, spec)
	return fresh + "."
}

// importName returns the name of an import in its file.
func (f *fixer) importName(tree *ast.File, spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	for _, p := range f.round.PackagesOf(tree) {
		if name, ok := p.Info.Implicits[spec].(*types.PkgName); ok {
			return name.Name()
		}
	}
	path := importPath(spec)
	return path[strings.LastIndexByte(path, '/')+1:]
}

// sees reports whether a name at a position denotes an import and is not shadowed.
func (f *fixer) sees(tree *ast.File, pos token.Pos, name string) bool {
	for _, p := range f.round.PackagesOf(tree) {
		inner := p.Types.Scope().Innermost(pos)
		if inner == nil {
			continue
		}
		_, object := inner.LookupParent(name, pos)
		_, ok := object.(*types.PkgName)
		return ok
	}
	return false
}

// isTaken reports whether a file, or its package, uses a name.
func (f *fixer) isTaken(tree *ast.File, name string) bool {
	for _, p := range f.round.PackagesOf(tree) {
		if p.Types.Scope().Lookup(name) != nil {
			return true
		}
	}
	for _, spec := range tree.Imports {
		if f.importName(tree, spec) == name {
			return true
		}
	}
	taken := false
	ast.Inspect(tree, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			taken = true
		}
		return !taken
	})
	return taken
}

// addImport adds an import, next to one of ours if possible.
func (f *fixer) addImport(c *change, tree *ast.File, spec string) {
	file := f.round.Source(tree)
	var beside *ast.ImportSpec
	for _, s := range tree.Imports {
		if importPath(s) != "C" && (beside == nil || isBelow(importPath(s), load.Root) && !isBelow(importPath(beside), load.Root)) {
			beside = s
		}
	}
	if beside == nil {
		c.Insert(file, f.round.Offset(tree.Name.End()), "\n\nimport "+spec)
		return
	}
	start := f.round.Offset(beside.Pos())
	if decl := f.declOf(tree, beside); !decl.Lparen.IsValid() {
		c.Insert(file, f.round.Offset(decl.Pos()), "import "+spec+"\n")
		return
	}
	c.Insert(file, start, spec+"\n\t")
}

func (f *fixer) declOf(tree *ast.File, spec *ast.ImportSpec) *ast.GenDecl {
	for _, d := range tree.Decls {
		if decl, ok := d.(*ast.GenDecl); ok && decl.Pos() <= spec.Pos() && spec.End() <= decl.End() {
			return decl
		}
	}
	return nil
}

// removeImport removes an import and its line.
func (f *fixer) removeImport(c *change, tree *ast.File, spec *ast.ImportSpec) {
	file := f.round.Source(tree)
	var node ast.Node = spec
	if decl := f.declOf(tree, spec); len(decl.Specs) == 1 {
		node = decl
	}
	from, to := f.round.Offset(node.Pos()), f.round.Offset(node.End())
	from, to = wholeLine(file, from, to)
	c.Replace(file, from, to, "")
}

// wholeLine extends a range to its line if the rest of the line contains only blanks and a comment.
func wholeLine(file *source.File, from, to int) (begin, end int) {
	begin = from
	for begin > 0 && (file.Text[begin-1] == ' ' || file.Text[begin-1] == '\t') {
		begin--
	}
	rest, _, found := strings.Cut(string(file.Text[to:]), "\n")
	trimmed := strings.TrimSpace(rest)
	if begin > 0 && file.Text[begin-1] != '\n' || !found || trimmed != "" && !strings.HasPrefix(trimmed, "//") {
		return from, to
	}
	return begin, to + len(rest) + 1
}

// typeText returns the notation of a type at a position. It reports false if the type cannot be written
// there.
func (f *fixer) typeText(c *change, pos token.Pos, t types.Type) (string, bool) {
	ok := true
	keep := f.mentionsCounterpart(t)
	here := f.round.PackagesOf(f.round.FileAt(pos))[0].Types
	text := types.TypeString(t, func(pkg *types.Package) string {
		path := pkg.Path()
		if path == here.Path() {
			return ""
		}
		if below, isClient := strings.CutPrefix(path, load.ClientRoot); isClient && isShared(below) && !keep {
			path = load.Root + below
		}
		if pkg.Name() == "main" || strings.Contains(path+"/", "/internal/") && !strings.HasPrefix(path, f.module) {
			ok = false
			return pkg.Name()
		}
		return strings.TrimSuffix(f.qualifier(c, pos, path), ".")
	})
	return text, ok && !f.hidden(t, here)
}

// mentionsCounterpart reports whether a type contains one of client_golang's types that differs from
// ours.
func (f *fixer) mentionsCounterpart(t types.Type) bool {
	text := types.TypeString(t, nil)
	for _, their := range f.libraries.counterparts {
		if strings.Contains(text, fmt.Sprintf("%s.%s", their.Pkg().Path(), their.Name())) {
			return true
		}
	}
	return false
}

// hidden reports whether a type contains a type that another package does not export.
func (f *fixer) hidden(t types.Type, here *types.Package) bool {
	hidden := false
	var visit func(types.Type)
	visit = func(t types.Type) {
		switch t := t.(type) {
		case *types.Alias:
			if !t.Obj().Exported() && t.Obj().Pkg() != nil && t.Obj().Pkg().Path() != here.Path() {
				hidden = true
			}
		case *types.Named:
			if !t.Obj().Exported() && t.Obj().Pkg() != nil && t.Obj().Pkg().Path() != here.Path() {
				hidden = true
			}
			for i := range t.TypeArgs().Len() {
				visit(t.TypeArgs().At(i))
			}
		case *types.Pointer:
			visit(t.Elem())
		case *types.Slice:
			visit(t.Elem())
		case *types.Array:
			visit(t.Elem())
		case *types.Chan:
			visit(t.Elem())
		case *types.Map:
			visit(t.Key())
			visit(t.Elem())
		case *types.Signature:
			for v := range t.Params().Variables() {
				visit(v.Type())
			}
			for v := range t.Results().Variables() {
				visit(v.Type())
			}
		case *types.TypeParam:
			hidden = true // It may be local to another function.
		}
	}
	visit(t)
	return hidden
}
