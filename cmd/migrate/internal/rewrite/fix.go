package rewrite

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/check"
	"github.com/luxfi/metric/cmd/migrate/internal/load"
)

// fixAll fixes the uses whose types do not match. It begins with those whose place needs another type, and
// goes on with those whose value needs another declaration. This may already fix some of the other uses. It
// fixes the rest last.
func (f *fixer) fixAll() {
	f.eachUse(f.fixTarget)
	if !f.batch.Empty() {
		return
	}
	f.declarations = true
	f.eachUse(f.fix)
	f.declarations = false
	if f.batch.Empty() {
		f.eachUse(f.fix)
	}
}

func (f *fixer) eachUse(visit func(use)) {
	f.eachFile(func(p *check.Package, tree *ast.File) {
		w := &walker{fixer: f, pkg: p, visit: visit}
		w.file(tree)
	})
}

// fixTarget changes the type of the place to which a value goes.
func (f *fixer) fixTarget(u use) {
	if plain := f.plain(u.want); plain != nil && u.retarget != nil && types.AssignableTo(u.have, plain) {
		f.attempt(func(c *change) bool { return u.retarget(c, plain) })
		return
	}
	if rel := f.libraries.relate(u.have, u.want); rel.alike {
		f.attempt(f.retarget(u, rel))
	}
}

// plain returns client_golang's Counter or Gauge for a readable one, or nil.
func (f *fixer) plain(t types.Type) types.Type {
	if name := readable(t); name != "" {
		if object := f.libraries.client[""].Scope().Lookup(name); object != nil {
			return object.Type()
		}
	}
	return nil
}

// fix fixes a use that no longer compiles after the change to the other library.
func (f *fixer) fix(u use) {
	rel := f.libraries.relate(u.have, u.want)
	switch {
	case !rel.alike:
		if want, ok := u.want.Underlying().(*types.Interface); ok {
			f.fixInterface(u, want)
		}
	case isSignature(u.have) && !rel.narrow && !rel.widen:
		f.attempt(f.retype(u), f.retarget(u, rel), f.wrap(u, u.want))
	default:
		f.attempt(f.wrap(u, u.want), f.retype(u), f.retarget(u, rel), f.useClientFunc(u, rel))
	}
}

func isSignature(t types.Type) bool {
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

// wrap returns a function that wraps the value.
func (f *fixer) wrap(u use, want types.Type) func(*change) bool {
	return func(c *change) bool {
		c.wraps = true
		return u.index < 0 && f.wrapExpr(c, u.expr, u.have, want)
	}
}

// retype returns a function that changes the declaration from which the value's type comes.
func (f *fixer) retype(u use) func(*change) bool {
	return func(c *change) bool {
		if rel := f.libraries.relate(u.have, u.want); rel.toOurs || rel.widen {
			return false
		}
		return f.retypeUse(c, u, u.want)
	}
}

func (f *fixer) retypeUse(c *change, u use, want types.Type) bool {
	if u.index < 0 {
		return f.retypeExpr(c, u.expr, want)
	}
	call, ok := ast.Unparen(u.expr).(*ast.CallExpr)
	return ok && f.retypeResult(c, call, u.index, want)
}

// retarget returns a function that changes the type of the place.
func (f *fixer) retarget(u use, rel relation) func(*change) bool {
	return func(c *change) bool {
		return (rel.toOurs || rel.widen) && u.retarget != nil && u.retarget(c, u.have)
	}
}

// useClientFunc returns a function that makes the call use client_golang's function of the same name.
func (f *fixer) useClientFunc(u use, rel relation) func(*change) bool {
	return func(c *change) bool {
		if !rel.toOurs || u.call == nil {
			return false
		}
		_, id := f.callee(u.call.Fun)
		return id != nil && f.useClientName(c, u.call.Fun, nil)
	}
}

// fixInterface fixes a value that does not implement an interface.
func (f *fixer) fixInterface(u use, want *types.Interface) {
	if f.fixOursAs(u, want) {
		return
	}
	f.attempt(func(c *change) bool {
		for m := range want.Methods() {
			object, path, _ := types.LookupFieldOrMethod(u.have, true, m.Pkg(), m.Name())
			method, ok := object.(*types.Func)
			if !ok {
				return false
			}
			rel := f.libraries.relate(method.Type(), m.Type())
			switch {
			case rel.same():
			case !rel.alike:
				return false
			case rel.toOurs || rel.widen:
				if !f.retypeObject(c, m, method.Type()) {
					return false
				}
			case !f.retypeObject(c, method, m.Type()) && !f.retypeEmbedded(c, u.have, path):
				return false
			}
		}
		return true
	})
}

// fixOursAs fixes a value of a type of ours whose counterpart implements an interface. One of our type's
// methods returns a type that has more methods than client_golang's.
func (f *fixer) fixOursAs(u use, want *types.Interface) bool {
	elem := u.have
	pointer, isPointer := types.Unalias(u.have).(*types.Pointer)
	if isPointer {
		elem = pointer.Elem()
	}
	counterpart := f.libraries.counterpart(elem)
	if counterpart == nil {
		return false
	}
	client := counterpart.Type()
	if isPointer {
		client = types.NewPointer(client)
	}
	if !types.Implements(client, want) {
		return false
	}
	if deletes(want) {
		return f.attempt(func(c *change) bool {
			c.noBridge = true
			return f.retypeUse(c, u, client)
		})
	}
	return f.attempt(f.wrap(u, client), func(c *change) bool { return f.retypeUse(c, u, client) })
}

// deletes reports whether an interface has methods that delete series.
func deletes(t *types.Interface) bool {
	for m := range t.Methods() {
		if m.Name() == "Reset" || strings.HasPrefix(m.Name(), "Delete") {
			return true
		}
	}
	return false
}

// retypeEmbedded changes the type of the embedded field from which a method comes to its counterpart, if
// it is one of our types.
func (f *fixer) retypeEmbedded(c *change, t types.Type, path []int) bool {
	var field *types.Var
	for _, i := range path[:max(0, len(path)-1)] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok {
			return false
		}
		field = s.Field(i)
		t = field.Type()
		if their, ok := f.clientType(t); ok {
			return f.retypeObject(c, field, their)
		}
	}
	return false
}

// clientType returns client_golang's type for one of our types or for a pointer to it.
func (f *fixer) clientType(t types.Type) (types.Type, bool) {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		elem, ok := f.clientType(p.Elem())
		return types.NewPointer(elem), ok
	}
	if their := f.libraries.counterpart(t); their != nil {
		return their.Type(), true
	}
	return types.Typ[types.Invalid], false
}

// removeUnusedImports removes imports of the libraries that are no longer needed.
func (f *fixer) removeUnusedImports() {
	f.eachFile(func(p *check.Package, tree *ast.File) {
		used := make(map[types.Object]bool)
		for id, object := range p.Info.Uses {
			if tree.FileStart <= id.Pos() && id.Pos() < tree.FileEnd {
				used[object] = true
			}
		}
		for _, spec := range tree.Imports {
			path := importPath(spec)
			if !isBelow(path, load.Root) && !isBelow(path, load.ClientRoot) {
				continue
			}
			object := p.Info.Implicits[spec]
			if spec.Name != nil {
				if spec.Name.Name == "_" || spec.Name.Name == "." {
					continue
				}
				object = p.Info.Defs[spec.Name]
			}
			if object == nil || used[object] {
				continue
			}
			c := f.newChange()
			if !f.restoreName(c, tree, spec) {
				f.removeImport(c, tree, spec)
			}
			f.commit(c)
		}
	})
}

// restoreName replaces an unneeded import of ours with client_golang's, so that a file that still uses
// client_golang stays unchanged.
func (f *fixer) restoreName(c *change, tree *ast.File, unused *ast.ImportSpec) bool {
	below, ours := strings.CutPrefix(importPath(unused), load.Root)
	if !ours {
		return false
	}
	i := slices.IndexFunc(tree.Imports, func(s *ast.ImportSpec) bool {
		return importPath(s) == load.ClientRoot+below && s.Name != nil && kept.MatchString(s.Name.Name)
	})
	if i < 0 {
		return false
	}
	theirs := tree.Imports[i]
	name := f.importName(tree, unused)
	file := f.round.Source(tree)
	spec := theirs.Path.Value
	if name != f.libraries.client[below].Name() {
		spec = name + " " + spec
	}
	c.Replace(file, f.round.Offset(unused.Pos()), f.round.Offset(unused.Path.End()), spec)
	f.removeImport(c, tree, theirs)
	return f.renameUses(c, tree, theirs.Name, name)
}

// renameUses renames an import where it is used.
func (f *fixer) renameUses(c *change, tree *ast.File, old *ast.Ident, name string) bool {
	object := f.objectOf(old)
	ok := true
	ast.Inspect(tree, func(n ast.Node) bool {
		if id, isIdent := n.(*ast.Ident); isIdent && id != old && f.objectOf(id) == object {
			ok = ok && f.sees(tree, id.Pos(), name)
			c.Replace(f.round.Source(tree), f.round.Offset(id.Pos()), f.round.Offset(id.End()), name)
		}
		return true
	})
	return ok
}
