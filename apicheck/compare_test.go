package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"
)

// compile type-checks a package without imports.
func compile(t *testing.T, source string) *types.Package {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "api.go", "package api\n"+source, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := (&types.Config{}).Check("example.org/api", files, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// TestComparison breaks an API in every way, one at a time.
func TestComparison(t *testing.T) {
	for name, tc := range map[string]struct {
		theirs, ours string
		found        string // sorted keys of the expected findings
	}{
		"the same": {"const C = 1; var V int; func F(int) error { return nil }", "const C = 1; var V int; func F(int) error { return nil }; var More int", ""},

		"missing constant": {"const C = 1", "", "api.C"},
		"missing variable": {"var V int", "", "api.V"},
		"missing function": {"func F() {}", "", "api.F"},
		"missing type":     {"type T struct{}", "", "api.T"},
		"unexported":       {"const c = 1; type t struct{}", "", ""},

		"other value":                         {"const C = 1", "const C = 2", "api.C"},
		"other text":                          {`const C = "a"`, `const C = "b"`, "api.C"},
		"type of a constant":                  {"const C int64 = 1", "const C int32 = 1", "api.C"},
		"untyped constant":                    {"const C = 1", "const C int = 1", "api.C"},
		"constant as variable":                {"const C = 1", "var C = 1", "api.C"},
		"variable as function":                {"var V func()", "func V() {}", "api.V"},
		"type of a variable":                  {"var V []int", "var V []string", "api.V"},
		"function as variable":                {"func F() {}", "var F = func() {}", "api.F"},
		"type as function":                    {"type T int", "func T() {}", "api.T"},
		"parameter":                           {"func F(a int) {}", "func F(a string) {}", "api.F"},
		"fewer parameters":                    {"func F(a, b int) {}", "func F(a int) {}", "api.F"},
		"more parameters":                     {"func F(a int) {}", "func F(a, b int) {}", "api.F"},
		"variadic parameter more":             {"func F(a int) {}", "func F(a int, b ...int) {}", ""},
		"variadic parameter more of a value":  {"var V func(a int)", "var V func(a int, b ...int)", "api.V"},
		"variadic parameter more of a method": {"type T struct{}; func (T) M(a int) {}", "type T struct{}; func (T) M(a int, b ...int) {}", "api.T, api.T.M"},
		"variadic parameter less":             {"func F(a ...int) {}", "func F(a []int) {}", "api.F"},
		"result":                              {"func F() int { return 0 }", "func F() string { return \"\" }", "api.F"},
		"more results":                        {"func F() int { return 0 }", "func F() (int, error) { return 0, nil }", "api.F"},
		"direction of a channel":              {"func F(chan<- int) {}", "func F(<-chan int) {}", "api.F"},
		"length of an array":                  {"var V [2]int", "var V [3]int", "api.V"},
		"key of a map":                        {"var V map[string]int", "var V map[int]int", "api.V"},
		"pointer":                             {"type T struct{}; func F() *T { return nil }", "type T struct{}; func F() T { return T{} }", "api.F, api.T"},

		"own struct":             {"type T struct{ A int }", "type T struct{ A int }", "api.T"},
		"counterpart is used":    {"type T struct{}; func F(map[string][]*T) {}", "type T struct{}; func F(map[string][]*T) {}", "api.T"},
		"other counterpart":      {"type T struct{}; type U struct{}; func F(T) {}", "type T struct{}; type U struct{}; func F(U) {}", "api.F, api.T, api.U"},
		"missing field":          {"type T struct{ A, B int }", "type T struct{ A int }", "api.T, api.T.B"},
		"field more":             {"type T struct{ A int }", "type T struct{ A, B int }", "api.T, api.T.B"},
		"unexported field":       {"type T struct{ a int }", "type T struct{ b string }", "api.T"},
		"type of a field":        {"type T struct{ A int }", "type T struct{ A string }", "api.T, api.T.A"},
		"field is embedded":      {"type E struct{}; type T struct{ E }", "type E struct{}; type T struct{ E *E }", "api.E, api.T, api.T.E"},
		"not a struct":           {"type T struct{}", "type T int", "api.T"},
		"underlying type":        {"type T int", "type T string", "api.T"},
		"underlying function":    {"type T func(int)", "type T func(string)", "api.T"},
		"missing method":         {"type T struct{}; func (T) M() {}", "type T struct{}", "api.T, api.T.M"},
		"method of the pointer":  {"type T struct{}; func (*T) M() {}", "type T struct{}", "api.T, api.T.M"},
		"method needs a pointer": {"type T struct{}; func (T) M() {}", "type T struct{}; func (*T) M() {}", "api.T, api.T.M"},
		"signature of a method":  {"type T struct{}; func (*T) M(int) {}", "type T struct{}; func (*T) M(string) {}", "api.T, api.T.M"},
		"promoted method":        {"type E struct{}; func (E) M() {}; type T struct{ E }", "type E struct{}; func (E) M() {}; type T struct{ E int }", "api.E, api.T, api.T.E, api.T.M"},
		"more methods":           {"type T struct{}", "type T struct{}; func (T) M() {}", "api.T"},

		"interface":                   {"type T interface{ M() }", "type T interface{ M() }", "api.T"},
		"not an interface":            {"type T interface{ M() }", "type T struct{}", "api.T"},
		"missing method of interface": {"type T interface{ M(); N() }", "type T interface{ M() }", "api.T, api.T.N"},
		"more methods of interface":   {"type T interface{ M() }", "type T interface{ M(); N() }", "api.T, api.T.N"},
		"signature in interface":      {"type T interface{ M() int }", "type T interface{ M() string }", "api.T, api.T.M"},

		"method of an unexported type": {
			"type v struct{}; func (v) M(int) {}; func (v) N() {}; var V v",
			"type v struct{}; func (v) M(string) {}; var V v", "api.v.M, api.v.N",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(compared(t, tc.theirs, tc.ours), ", "); got != tc.found {
				t.Errorf("found %q, want %q", got, tc.found)
			}
		})
	}
}

// TestReadableResults checks that an interface that embeds one of theirs is accepted as a result, but only
// where a program can do nothing with the result except assign it.
func TestReadableResults(t *testing.T) {
	const base, more = "type I interface{ M() }; ", "type I interface{ M() }; type J interface{ I; N() }; "
	for name, tc := range map[string]struct {
		theirs, ours string
		found        string // expected findings apart from api.I, which exists only in ours
	}{
		"function":                {base + "func F() (I, error) { return nil, nil }", more + "func F() (J, error) { return nil, nil }", ""},
		"method":                  {base + "type T struct{}; func (*T) F() I { return nil }", more + "type T struct{}; func (*T) F() J { return nil }", "api.T"},
		"method of an interface":  {base + "type T interface{ F() I }", more + "type T interface{ F() J }", "api.T, api.T.F"},
		"less than theirs":        {"type I interface{ M() }; type J interface{ I; N() }; func F() J { return nil }", more + "func F() I { return nil }", "api.F, api.J"},
		"the same methods":        {base + "func F() I { return nil }", base + "func F() interface { M(); N() } { return nil }", "api.F"},
		"embeds another":          {base + "func F() I { return nil }", base + "type H interface{ M() }; func F() interface { H; N() } { return nil }", "api.F"},
		"struct that embeds":      {base + "func F() I { return nil }", base + "type J struct { I }; func F() J { return J{} }", "api.F"},
		"any":                     {"type I interface{ M() }; func F() any { return nil }", more + "func F() J { return nil }", "api.F"},
		"parameter":               {base + "func F(I) {}", more + "func F(J) {}", "api.F"},
		"parameter of a method":   {base + "type T struct{}; func (T) F(I) {}", more + "type T struct{}; func (T) F(J) {}", "api.T, api.T.F"},
		"variable":                {base + "var V I", more + "var V J", "api.V"},
		"function in a variable":  {base + "var V func() I", more + "var V func() J", "api.V"},
		"function type":           {base + "type T func() I", more + "type T func() J", "api.T"},
		"function as a parameter": {base + "func F(func() I) {}", more + "func F(func() J) {}", "api.F"},
		"slice":                   {base + "func F() []I { return nil }", more + "func F() []J { return nil }", "api.F"},
		"pointer":                 {base + "func F() *I { return nil }", more + "func F() *J { return nil }", "api.F"},
		"field":                   {base + "type T struct{ A I }", more + "type T struct{ A J }", "api.T, api.T.A"},
		"one result of two":       {base + "func F() (I, int) { return nil, 0 }", more + "func F() (J, string) { return nil, \"\" }", "api.F"},
	} {
		t.Run(name, func(t *testing.T) {
			got := slices.DeleteFunc(compared(t, tc.theirs, tc.ours), func(key string) bool { return key == "api.I" })
			if got := strings.Join(got, ", "); got != tc.found {
				t.Errorf("found %q, want %q", got, tc.found)
			}
		})
	}
}

// compared returns the sorted keys of the findings.
func compared(t *testing.T, theirs, ours string) []string {
	t.Helper()
	their, our := compile(t, theirs), compile(t, ours)
	c := newComparison()
	c.pair(their, our)
	c.comparePackage(their)
	keys := make(map[string]bool)
	for _, f := range c.findings {
		keys[f.key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}

// TestAlias checks that an alias of one of their types is not a difference, and is counted.
func TestAlias(t *testing.T) {
	theirs := compile(t, "type T struct{ A int }; func F(T) {}")
	ours := types.NewPackage("example.org/ours", "ours")
	ours.Scope().Insert(types.NewTypeName(token.NoPos, ours, "T", theirs.Scope().Lookup("T").Type()))
	ours.Scope().Insert(types.NewFunc(token.NoPos, ours, "F", types.NewSignatureType(nil, nil, nil,
		types.NewTuple(types.NewVar(token.NoPos, ours, "", theirs.Scope().Lookup("T").Type())), nil, false)))
	c := newComparison()
	c.pair(theirs, ours)
	c.comparePackage(theirs)
	if len(c.findings) > 0 || c.compared != 2 || c.identical != 1 {
		t.Errorf("found %v in %d identifiers, %d of them identical", c.findings, c.compared, c.identical)
	}
}

// TestReport checks that the report accepts only the differences in the list, and refuses entries that are
// not differences.
func TestReport(t *testing.T) {
	c := newComparison()
	c.compared = 3
	c.missing("api.A", "missing")
	c.different("api.B", "other")
	for name, tc := range map[string]struct {
		intended map[string]string
		ok       bool
		lines    string
	}{
		"both":     {map[string]string{"api.A": "why", "api.B": "why"}, true, ""},
		"one":      {map[string]string{"api.A": "why"}, false, "api.B: other\n"},
		"outdated": {map[string]string{"api.A": "why", "api.B": "why", "api.C": "why"}, false, "api.C: listed as an intended difference, but it is not a difference\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			ok := report(&out, c, tc.intended, false)
			if lines, _, _ := strings.Cut(out.String(), "3 identifiers"); ok != tc.ok || lines != tc.lines {
				t.Errorf("got %t and\n%s", ok, out.String())
			}
		})
	}
}

// TestAPI does the same as make api. It also checks that the comparison covers all of client_golang: the
// number of exported identifiers can be counted without a type checker.
func TestAPI(t *testing.T) {
	var out strings.Builder
	ok, err := run(&out, false)
	if err != nil || !ok {
		t.Fatalf("got error %v and\n%s", err, out.String())
	}
	if !strings.HasPrefix(out.String(), "229 identifiers, ") {
		t.Errorf("the comparison is not complete: %s", out.String())
	}
}
