package load

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A Build determines which files of a module belong to a program.
type Build struct {
	Platform string // such as linux/arm64, or "" for the default
	Tags     string // separated by commas
}

// String returns the build in a form for messages.
func (b Build) String() string {
	var parts []string
	if b.Platform != "" {
		parts = append(parts, b.Platform)
	}
	if b.Tags != "" {
		parts = append(parts, "-tags "+b.Tags)
	}
	return strings.Join(parts, " ")
}

// A Package is a package whose source must be type-checked: a package of the module, or one that imports
// such a package. A package and its variant with test files are two Packages.
type Package struct {
	ID, Path  string
	Files     []string
	Imports   map[string]string // IDs of packages to be checked by the import path in the source
	ReadOnly  bool              // whether it belongs to another module
	GoVersion string
	Sizes     types.Sizes
}

// A Graph holds the packages of one build. Each package comes after the packages that it imports.
type Graph struct {
	Build    Build
	Packages []*Package
	Outside  []string // paths of imported packages that need not be checked
}

func (m *Module) config(b Build, mode packages.LoadMode) *packages.Config {
	cfg := &packages.Config{Mode: mode, Context: m.ctx, Dir: m.Dir, Env: m.env(), BuildFlags: m.flags(), Tests: true}
	if b.Tags != "" {
		cfg.BuildFlags = append(cfg.BuildFlags, "-tags="+b.Tags)
	}
	if system, arch, found := strings.Cut(b.Platform, "/"); found {
		cfg.Env = append(cfg.Env, "GOOS="+system, "GOARCH="+arch)
	}
	return cfg
}

// Verify type-checks every package and test of the module, and returns the problems.
func (m *Module) Verify(b Build) ([]string, error) {
	cfg := m.config(b, packages.NeedName|packages.NeedFiles|packages.NeedCompiledGoFiles|packages.NeedImports|packages.NeedTypes|
		packages.NeedTypesSizes|packages.NeedSyntax|packages.NeedTypesInfo|packages.NeedModule)
	found, err := packages.Load(cfg, "./...")
	if err != nil {
		return nil, err
	}
	var problems, unplaced []string
	for _, p := range found {
		for _, e := range p.Errors {
			if e.Pos == "-" || e.Pos == "" { // The go command's summary of the errors below.
				unplaced = append(unplaced, e.Msg)
				continue
			}
			problem := e.Error()
			if rest, ok := strings.CutPrefix(problem, m.Dir+string(filepath.Separator)); ok {
				problem = rest
			}
			if !slices.Contains(problems, problem) {
				problems = append(problems, problem)
			}
		}
	}
	if len(problems) == 0 {
		return unplaced, nil
	}
	return problems, nil
}

// Graph lists the packages of a build of the module.
func (m *Module) Graph(b Build) (*Graph, error) {
	cfg := m.config(b, packages.NeedName|packages.NeedFiles|packages.NeedImports|packages.NeedDeps|packages.NeedModule|
		packages.NeedTypesSizes|packages.NeedForTest)
	found, err := packages.Load(cfg, "./...")
	if err != nil {
		return nil, err
	}
	g := &Graph{Build: b}
	w := graphWalk{graph: g, local: make(map[string]bool)}
	for _, p := range found {
		w.visit(p)
	}
	slices.Sort(g.Outside)
	g.Outside = slices.Compact(g.Outside)
	return g, nil
}

type graphWalk struct {
	graph *Graph
	local map[string]bool // whether the package with that ID must be checked; an entry means that it was visited
}

// visit adds a package to the graph if it must be checked, and reports whether it must.
func (w *graphWalk) visit(p *packages.Package) bool {
	if local, visited := w.local[p.ID]; visited {
		return local
	}
	inModule := p.Module != nil && p.Module.Main
	imports := make(map[string]string)
	var outside []string
	for path, imported := range p.Imports {
		if w.visit(imported) {
			imports[path] = imported.ID
		} else if path != "C" && path != "unsafe" {
			outside = append(outside, imported.PkgPath)
		}
	}
	if !inModule && len(imports) == 0 {
		w.local[p.ID] = false
		return false
	}
	if strings.HasSuffix(p.ID, ".test") { // the generated main package of a test
		w.local[p.ID] = true
		return true
	}
	goVersion := ""
	if p.Module != nil && p.Module.GoVersion != "" {
		goVersion = "go" + p.Module.GoVersion
	}
	w.graph.Packages = append(w.graph.Packages, &Package{
		ID: p.ID, Path: p.PkgPath, Files: p.GoFiles, Imports: imports, ReadOnly: !inModule, GoVersion: goVersion, Sizes: p.TypesSizes,
	})
	w.graph.Outside = append(w.graph.Outside, outside...)
	w.local[p.ID] = true
	return true
}

// Outside returns the types of the packages outside the module that a graph needs, and of both
// libraries, by path. The positions of their objects belong to fset.
func (m *Module) Outside(g *Graph, fset *token.FileSet) (map[string]*types.Package, error) {
	patterns := slices.Clone(g.Outside)
	for _, below := range Below {
		patterns = append(patterns, ClientRoot+below, Root+below)
	}
	slices.Sort(patterns)
	patterns = slices.Compact(patterns)
	cfg := m.config(g.Build, packages.NeedName|packages.NeedTypes|packages.NeedImports|packages.NeedDeps|packages.NeedExportFile)
	cfg.Tests, cfg.Fset = false, fset
	found, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, err
	}
	all := make(map[string]*types.Package)
	var problems []error
	packages.Visit(found, nil, func(p *packages.Package) { all[p.PkgPath] = p.Types })
	for _, p := range found {
		for _, e := range p.Errors {
			problems = append(problems, fmt.Errorf("%s: %w", p.PkgPath, e))
		}
	}
	return all, errors.Join(problems...)
}

// Stray is a Go file in the module's folder that belongs to no package of the module.
type Stray struct {
	Path     string
	Text     []byte
	Why      string
	Editable bool // whether only its build constraints exclude it
}

// Strays lists the files below the module's folder that import one of the libraries and are not in
// known.
func (m *Module) Strays(known map[string]bool) ([]Stray, error) {
	var strays []Stray
	// why is the reason why the files in a folder do not belong to the module's packages.
	var walk func(dir, why string) error
	walk = func(dir, why string) error {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			name, path := entry.Name(), filepath.Join(dir, entry.Name())
			switch {
			case entry.IsDir():
				if name == ".git" {
					continue
				}
				if err := walk(path, outOfModule(path, name, why)); err != nil {
					return err
				}
			case strings.HasSuffix(name, ".go") && entry.Type().IsRegular() && !known[path]:
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				if !strings.Contains(string(text), `"`+ClientRoot) && !strings.Contains(string(text), `"`+Root) {
					continue
				}
				strays = append(strays, stray(path, text, name, why))
			}
		}
		return nil
	}
	return strays, walk(m.Dir, "")
}

func stray(path string, text []byte, name, why string) Stray {
	switch {
	case why != "":
		return Stray{path, text, why, false}
	case strings.HasPrefix(name, "_") || strings.HasPrefix(name, "."):
		return Stray{path, text, "Go ignores the file because of its name", false}
	}
	return Stray{path, text, "build constraints leave it out", true}
}

func outOfModule(path, name, why string) string {
	if why != "" {
		return why
	}
	if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
		return "it belongs to the nested module in " + filepath.Base(path) + ", which must be migrated separately"
	}
	switch {
	case name == "vendor":
		return "it is vendored: run go mod vendor"
	case name == "testdata":
		return "it is in testdata, which Go does not build"
	case strings.HasPrefix(name, "_"), strings.HasPrefix(name, "."):
		return "Go ignores folders of such a name"
	}
	return ""
}

// Imports reports whether a file imports a package of the library with this root.
func Imports(text []byte, root string) bool {
	tree, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
	if err != nil {
		return false
	}
	for _, spec := range tree.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil && (path == root || strings.HasPrefix(path, root+"/")) {
			return true
		}
	}
	return false
}
