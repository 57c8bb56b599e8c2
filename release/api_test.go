package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"testing"
)

const modulePath = "example.com/m"

// apiOf type-checks the API of a module with an internal package and a package in its top folder.
func apiOf(t *testing.T, core, top string) *api {
	t.Helper()
	fset := token.NewFileSet()
	loaded := &api{packages: make(map[string][]*types.Package), internal: make(map[string]*types.Package)}
	typeCheck := func(path, text string) *types.Package {
		file, err := parser.ParseFile(fset, path+".go", text, 0)
		if err != nil {
			t.Fatal(err)
		}
		config := types.Config{Importer: known(loaded.internal)}
		p, err := config.Check(path, fset, []*ast.File{file}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	path := modulePath + "/internal/core"
	loaded.internal[path] = typeCheck(path, "package core\n"+core)
	loaded.packages[modulePath] = []*types.Package{typeCheck(modulePath, "package m\nimport \""+path+"\"\n"+top)}
	return loaded
}

// known imports the packages that a test has made.
type known map[string]*types.Package

func (k known) Import(path string) (*types.Package, error) {
	if p := k[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("there is no package %s", path)
}

// TestCompare checks that a change of an internal type counts where users meet the type, and only there.
func TestCompare(t *testing.T) {
	const before = `
		type Value struct{ N int; hidden int }
		func (Value) Get() int { return 0 }
		type Values struct{ N int }
	`
	const fewer = `
		type Value struct{ hidden int }
		type Values struct{}
	`
	for name, test := range map[string]struct {
		after, top, topAfter string
		want                 []string
	}{
		"an alias":                 {fewer, "type A = core.Value", "", []string{"internal/core: Value.Get: removed", "internal/core: Value.N: removed"}},
		"a result":                 {fewer, "func F() *core.Value { return nil }", "", []string{"internal/core: Value.Get: removed", "internal/core: Value.N: removed"}},
		"a field":                  {fewer, "type A struct{ F map[int][]core.Values }", "", []string{"internal/core: Values.N: removed"}},
		"a field that is hidden":   {fewer, "type A struct{ f core.Values }", "", nil},
		"a function that is not":   {fewer, "func f(core.Value) {}", "", nil},
		"nothing":                  {before, "type A = core.Value", "", nil},
		"a function that is added": {before, "type A = core.Value", "type A = core.Value; func F() {}", []string{"F: added"}},
		"another target":           {before, "type A = core.Value", "type A = core.Values", []string{"A: changed from example.com/m/internal/core.Value to example.com/m/internal/core.Values"}},
	} {
		t.Run(name, func(t *testing.T) {
			if test.topAfter == "" {
				test.topAfter = test.top
			}
			var got []string
			const use = "\nvar _ core.Value\n"
			old, next := apiOf(t, before, test.top+use), apiOf(t, test.after, test.topAfter+use)
			for _, change := range compare(&mod{path: modulePath}, old, next, make(map[*types.TypeName]bool)) {
				got = append(got, change.Message)
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestNeededBump checks which versions may follow which changes.
func TestNeededBump(t *testing.T) {
	for _, test := range []struct {
		last                    string
		incompatible, additions bool
		want                    bump
	}{
		{"v0.1.0", false, false, patch},
		{"v0.1.0", false, true, patch},
		{"v0.1.0", true, true, minor},
		{"v1.2.3", false, false, patch},
		{"v1.2.3", false, true, minor},
		{"v1.2.3", true, false, major},
	} {
		if got := neededBump(test.last, test.incompatible, test.additions); got != test.want {
			t.Errorf("after %s, incompatible %t, additions %t: got %s, want %s", test.last, test.incompatible, test.additions, got, test.want)
		}
	}
}

// TestLastRelease checks which version is the one to compare with.
func TestLastRelease(t *testing.T) {
	tags := []string{"v0.1.0", "v0.2.0", "v0.2.0-rc.1", "v0.3.0-rc.1", "sub/v0.10.0", "other/sub/v0.11.0", "v1.0.0", "latest"}
	for _, test := range []struct{ dir, version, want string }{
		{"", "v0.1.0", ""},
		{"", "v0.2.0", "v0.1.0"},
		{"", "v0.3.0", "v0.2.0"},
		{"", "v0.3.0-rc.2", "v0.2.0"},
		{"", "v1.0.1", "v1.0.0"},
		{"", "v2.0.0", ""},
		{"sub", "v0.11.0", "v0.10.0"},
		{"sub", "v0.9.0", ""},
	} {
		if got := lastRelease(&mod{dir: test.dir}, tags, test.version); got != test.want {
			t.Errorf("%q before %s: got %q, want %q", test.dir, test.version, got, test.want)
		}
	}
}
