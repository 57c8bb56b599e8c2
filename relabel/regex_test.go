package relabel

import (
	"regexp"
	"strings"
	"testing"
)

// regexSeeds are expressions with and without globs that replace the engine.
var regexSeeds = []struct {
	source string
	engine bool // whether matching needs the engine
}{
	{"", false},
	{".*", false},
	{"(.*)", false},
	{".+", false},
	{"foo", false},
	{"foo|bar|foobar", false},
	{"foo.*", false},
	{".*foo", false},
	{".*foo.*", false},
	{".+foo.+bar.*", false},
	{"foo_(a|b|c)_(total|count)?", false},
	{"(a|ab)(.*)", false},
	{"^foo$", false},
	{"^(foo|bar.*)$", false},
	{"foo[0-9]", false},
	{"a|b|c|d|e|f|g|h|i|j|k", false},
	{"a_x|b_x|c_x|d_x|e_x|f_x|g_x|h_x|i_x|j_x", false},
	{`\Qa.b\E.*`, false},
	{"(?:(a)|b)?(.*)c", false},
	{"é.*ü", false},
	{"(foo)??bar", false},
	{"(.*)(b?)", false},
	{"(.*?)(b|bar)", false},
	{"(.+)_(total|count)", false},
	{"(?:x(.*)|(x)(.*)y)(z|yz)?", false},
	{"(?P<name>a)|(?P<name>b)c|.*", false},
	{"a.b", true},
	{"(?i)foo", true},
	{"(?-s).*", true},
	{"[a-z]+", true},
	{"[^;]+;.*", true},
	{".*.*", true},
	{"a$b", true},
	{"(?m)^a$", true},
	{`\bfoo`, true},
	{"a{2}", true},
	{".*(a|b)*", true},
	{"\uFFFD", true},
	{"(a|b|c|d|e|f|g|h)(a|b|c|d|e|f|g|h)(a|b|c|d|e|f|g|h)", true},
}

// TestRegexNeedsEngine checks which regexes need package regexp, and which a faster comparison can match.
func TestRegexNeedsEngine(t *testing.T) {
	for _, tt := range regexSeeds {
		re, err := newRegex(tt.source, false)
		if err != nil {
			t.Fatal(err)
		}
		if re.engine != tt.engine {
			t.Errorf("%q needs the engine: %t, want %t", tt.source, re.engine, tt.engine)
		}
	}
}

// TestRegexNeedsEngineForGroups checks which regexes need package regexp if a rule uses their groups.
func TestRegexNeedsEngineForGroups(t *testing.T) {
	for source, want := range map[string]bool{"(.*)": false, "foo_(.*)_bar": false, "(a|b)_(.*)": false, "(.*)a(.*)": true, "(.*)(b?)": true, "(.*)_(total|count)": false, "(.*)(a|ba)": true, "(.+);(.+)": true} {
		re, err := newRegex(source, true)
		if err != nil {
			t.Fatal(err)
		}
		if re.engine != want {
			t.Errorf("%q needs the engine: %t, want %t", source, re.engine, want)
		}
	}
}

func TestInvalidRegexes(t *testing.T) {
	for _, source := range []string{"(", "a)|(b", ")", `\`, `\Qa`, "a{2000}", "*"} {
		if re, err := newRegex(source, false); err == nil {
			t.Errorf("%q gives %v", source, re.compiled)
		}
	}
}

// FuzzRegex compares the matches of a regex and the expansions of templates with the results of package
// regexp.
func FuzzRegex(f *testing.F) {
	values := []string{"", "foo", "bar", "foobar", "barfoo", "xfooxbarx", "foo_a_total", "ab", "abc", "c", "a\nb", "é1ü", "\xff", "foo7", "k", "j_x", "a.b.c", "aa"}
	templates := []string{"$1", "${1}_$2", "$0", "$$", "$", "x", "${name}", "$1_x", "$01", "${", "${1", "$é", "$3$2$1"}
	for i, seed := range regexSeeds {
		for j, value := range values {
			f.Add(seed.source, value, templates[(i+j)%len(templates)])
		}
	}
	f.Fuzz(func(t *testing.T, source, value, text string) {
		want, err := regexp.Compile("^(?s:" + source + ")$")
		plain, plainErr := newRegex(source, false)
		if err != nil || plainErr != nil {
			if err != nil && plainErr == nil {
				t.Fatalf("%q is accepted though %v", source, err)
			}
			t.Skip()
		}
		groups, err := newRegex(source, true)
		if err != nil {
			t.Fatal(err)
		}
		index := want.FindStringSubmatchIndex(value)
		if got := plain.match(value); got != (index != nil) {
			t.Fatalf("%q matches %q: %t", source, value, got)
		}
		found := groups.find(value)
		if found.ok != (index != nil) {
			t.Fatalf("%q is found in %q: %t", source, value, found.ok)
		}
		if index == nil {
			return
		}
		if plain.all() && !strings.Contains(source, "*") {
			t.Fatalf("%q is said to match everything", source)
		}
		template, _ := newTemplate(text, want)
		got := template.expand(new(memory), &found, value)
		if expected := string(want.ExpandString(nil, text, value, index)); got != expected {
			t.Fatalf("%q makes %q of %q by %q, want %q", text, got, value, source, expected)
		}
	})
}
