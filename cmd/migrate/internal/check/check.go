// Package check type-checks the packages of a module repeatedly while their files change.
package check

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"strings"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/luxfi/metric/cmd/migrate/internal/load"
	"github.com/luxfi/metric/cmd/migrate/internal/source"
)

// A Checker type-checks the packages of one build.
type Checker struct {
	graph   *load.Graph
	outside map[string]*types.Package
	files   map[string]*source.File
	parsed  map[string]*parsed
	fset    *token.FileSet
}

type parsed struct {
	text []byte
	file *ast.File
	err  error
}

// New returns a checker of the packages in graph. outside has the types of the packages outside the module,
// by import path, and files has the files of the module, by path.
//
// The positions of the objects in outside belong to fset.
func New(graph *load.Graph, fset *token.FileSet, outside map[string]*types.Package, files map[string]*source.File) *Checker {
	return &Checker{graph, outside, maps.Clone(files), make(map[string]*parsed), fset}
}

// A Package is a type-checked package.
type Package struct {
	*load.Package

	Types  *types.Package
	Info   *types.Info
	Syntax []*ast.File
}

// A Problem is an error of the parser or type checker.
type Problem struct {
	File *source.File
	Pos  token.Position
	Text string
}

// A Round is the result of type-checking everything once.
type Round struct {
	Packages []*Package // without read-only packages
	Problems []Problem

	// Client and Ours have the packages of client_golang and of this library, by their paths below the root
	// of each module.
	Client, Ours map[string]*types.Package

	checker *Checker
	byFile  map[*ast.File][]*Package
	source  map[*ast.File]*source.File
	byToken map[*token.File]*ast.File
}

// Check parses the changed files and type-checks all packages.
func (c *Checker) Check() *Round {
	r := &Round{
		Client: make(map[string]*types.Package), Ours: make(map[string]*types.Package),
		checker: c, byFile: make(map[*ast.File][]*Package), source: make(map[*ast.File]*source.File),
		byToken: make(map[*token.File]*ast.File),
	}
	for _, below := range load.Below {
		r.Client[below], r.Ours[below] = c.outside[load.ClientRoot+below], c.outside[load.Root+below]
	}
	seen := make(map[string]bool)
	checked := make(map[string]*types.Package)
	for _, p := range c.graph.Packages {
		checked[p.ID] = c.check(r, p, checked, seen)
	}
	return r
}

func (c *Checker) check(r *Round, p *load.Package, checked map[string]*types.Package, seen map[string]bool) *types.Package {
	problem := func(pos token.Position, text string) {
		key := fmt.Sprint(pos, text)
		if !seen[key] {
			seen[key] = true
			r.Problems = append(r.Problems, Problem{c.files[pos.Filename], pos, text})
		}
	}
	var syntax []*ast.File
	usesC := false
	for _, path := range p.Files {
		if !strings.HasSuffix(path, ".go") {
			continue
		}
		f, err := c.parse(path)
		if err != nil {
			problem(token.Position{Filename: path}, err.Error())
		}
		if f == nil {
			continue
		}
		for _, spec := range f.Imports {
			usesC = usesC || spec.Path.Value == `"C"`
		}
		syntax = append(syntax, f)
		r.source[f] = c.files[path]
		r.byToken[c.fset.File(f.FileStart)] = f
	}
	cfg := &types.Config{
		GoVersion: p.GoVersion, Sizes: p.Sizes, FakeImportC: usesC, IgnoreFuncBodies: p.ReadOnly,
		Importer: importerFunc(func(path string) (*types.Package, error) {
			if path == "unsafe" {
				return types.Unsafe, nil
			}
			if id, ok := p.Imports[path]; ok {
				if found := checked[id]; found != nil {
					return found, nil
				}
			}
			if found := c.outside[path]; found != nil {
				return found, nil
			}
			return nil, fmt.Errorf("package %s was not loaded", path)
		}),
		Error: func(err error) {
			if e, ok := err.(types.Error); ok { //nolint:errorlint // The documentation promises this type.
				problem(e.Fset.PositionFor(e.Pos, false), e.Msg)
			}
		},
	}
	info := &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object), Uses: make(map[*ast.Ident]types.Object),
		Implicits: make(map[ast.Node]types.Object), Selections: make(map[*ast.SelectorExpr]*types.Selection),
		Scopes: make(map[ast.Node]*types.Scope), Instances: make(map[*ast.Ident]types.Instance),
	}
	pkg, _ := cfg.Check(p.Path, c.fset, syntax, info) // The errors went to cfg.Error.
	if p.ReadOnly {
		return pkg
	}
	result := &Package{p, pkg, info, syntax}
	r.Packages = append(r.Packages, result)
	for _, f := range syntax {
		r.byFile[f] = append(r.byFile[f], result)
	}
	return pkg
}

func (c *Checker) parse(path string) (*ast.File, error) {
	f := c.files[path]
	if f == nil { // The file belongs to another module.
		var err error
		if f, err = source.Read(path); err != nil {
			return nil, err
		}
		c.files[path] = f
	}
	known := c.parsed[path]
	if known == nil || !bytes.Equal(known.text, f.Text) {
		file, err := parser.ParseFile(c.fset, path, f.Text, parser.ParseComments|parser.SkipObjectResolution)
		known = &parsed{f.Text, file, err}
		c.parsed[path] = known
	}
	return known.file, known.err
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// Source returns the file that a syntax tree was parsed from.
func (r *Round) Source(f *ast.File) *source.File { return r.source[f] }

// Offset returns the offset of a position in its file.
func (r *Round) Offset(pos token.Pos) int { return r.checker.fset.PositionFor(pos, false).Offset }

// Line returns the line of a position in its file.
func (r *Round) Line(pos token.Pos) int { return r.checker.fset.PositionFor(pos, false).Line }

// FileAt returns the file of the module that contains a position, or nil.
func (r *Round) FileAt(pos token.Pos) *ast.File {
	if !pos.IsValid() {
		return nil
	}
	f := r.byToken[r.checker.fset.File(pos)]
	if f == nil || len(r.byFile[f]) == 0 {
		return nil
	}
	return f
}

// PackagesOf returns the packages to which a file belongs. There are several if a package has variants
// with test files.
func (r *Round) PackagesOf(f *ast.File) []*Package { return r.byFile[f] }

// PathTo returns the nodes of the syntax tree at an identifier's position, innermost first.
func (r *Round) PathTo(pos token.Pos) []ast.Node {
	f := r.FileAt(pos)
	if f == nil {
		return nil
	}
	path, _ := astutil.PathEnclosingInterval(f, pos, pos)
	return path
}

// TypeOf returns the type of an expression in the module, or nil.
func (r *Round) TypeOf(e ast.Expr) types.Type {
	for _, p := range r.byFile[r.FileAt(e.Pos())] {
		if t := p.Info.TypeOf(e); t != nil {
			return t
		}
	}
	return nil
}

// ObjectOf returns what an identifier in the module denotes, or nil.
func (r *Round) ObjectOf(id *ast.Ident) types.Object {
	for _, p := range r.byFile[r.FileAt(id.Pos())] {
		if o := p.Info.ObjectOf(id); o != nil {
			return o
		}
	}
	return nil
}

// Text returns the source of a node.
func (r *Round) Text(n ast.Node) string {
	f := r.source[r.FileAt(n.Pos())]
	return string(f.Text[r.Offset(n.Pos()):r.Offset(n.End())])
}
