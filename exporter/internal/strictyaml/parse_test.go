package strictyaml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

func TestParseErrors(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"two documents", "a: 1\n---\nb: 2\n", "c.yml:2: there is more than one document; only one is allowed"},
		{"tab", "a:\n\tb: 1\n", "c.yml:2: not valid YAML: found character that cannot start any token; indent with blanks, not tabs"},
		{"first line", "a: [", "c.yml:1: not valid YAML: "},
		{"quote", "a: 1\nb: 2\nc: 'x\n", "c.yml:3: not valid YAML: "},
		{"indent", "a: 1\nb: 2\nc: d: e\n", "c.yml:3: not valid YAML: mapping values are not allowed in this context"},
		{"bracket", "a: 1\nb: [1, 2\nc: 3\n", "c.yml:"},
		{"anchor", "a: 1\nb: *x\n", "c.yml:2: not valid YAML: there is no anchor before this alias; a text that begins with * must be in quotes"},
		{"UTF-8", "a: 1\nb: \xff\n", "c.yml:2: the text is not UTF-8"},
		{"control character", "a: 1\nb: \x01\n", `c.yml:2: the text has a control character, '\x01'`},
		{"recursion", "a: 1\nb: &x\n  c: *x\n", `c.yml:2: the anchor "x" contains itself`},
		{"depth", strings.Repeat("[", 1500) + strings.Repeat("]", 1500), "c.yml:1: the document is nested more than 1000 levels deep"},
		{"more depth", strings.Repeat("[", 20000), "c.yml:1: not valid YAML: exceeded max depth of 10000"},
		{"bomb", bomb(), "c.yml:1: aliases repeat too much: they make more than 100000 values of "},
		{"deep by aliases", deepByAliases(), "c.yml:1: the document is nested more than 1000 levels deep"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, err := strictyaml.Parse("c.yml", []byte(tc.text))
			if err == nil {
				t.Fatalf("there is no error, but %v", n)
			}
			if !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got\n%v\nwant\n%s", err, tc.want)
			}
		})
	}
}

// bomb returns a short document that aliases expand to a huge one.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := range 20 {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	return b.String()
}

// deepByAliases returns a document that is deeply nested only after its aliases are expanded.
func deepByAliases() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := range 1100 {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d]\n", i+1, i+1, i)
	}
	return b.String()
}

// TestParseAcceptsReuse checks that a document may use an anchor many times.
func TestParseAcceptsReuse(t *testing.T) {
	text := "a: &a {x: [1, 2, 3]}\nb:\n" + strings.Repeat("- *a\n", 1000)
	if _, err := strictyaml.Parse("c.yml", []byte(text)); err != nil {
		t.Error(err)
	}
}

// TestDir checks that Dir returns the directory of a node's file.
func TestDir(t *testing.T) {
	n, err := strictyaml.Parse("", []byte("a: {b: 1}"))
	if err != nil || strictyaml.Dir(n) != "" {
		t.Errorf("without a file, the directory is %q (%v)", strictyaml.Dir(n), err)
	}
	n, err = strictyaml.Parse("c.yml", []byte("a: {b: 1}"))
	if err != nil || strictyaml.Dir(n) != "." || strictyaml.Dir(n.Content[1]) != "." {
		t.Errorf("the directory of a file in the working directory is %q (%v)", strictyaml.Dir(n), err)
	}
}
