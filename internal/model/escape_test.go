package model_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/luxfi/metric/internal/model"
)

// texts are the names, values and constant labels of the tests: texts that need escaping, texts that
// look like escape sequences or like the surrounding rendering, and lengths that are compared in
// different ways.
var texts = []string{
	"", "a", "ab", "abc", "abcd", "abcdefg", "abcdefgh", "abcdefghi", strings.Repeat("0123456789", 5),
	`\`, `\\`, `\\\`, `"`, `""`, "\n", `\n`, `\"`, `a"`, `a\`, "a\n", `a\"b`, `a"b`, `abcdefg"`, `abcdefgh\`, "n",
	`",`, `="`, `",z="`, `x",b="y`, "a=b", "a,b", "é", "日本語", "\x00", "\t", "\r", "#", "[",
}

func TestEscape(t *testing.T) {
	for _, test := range []struct{ text, escaped string }{
		{"", ""},
		{"plain", "plain"},
		{"a\tb\r\x00é", "a\tb\r\x00é"},
		{`a\b`, `a\\b`},
		{`a"b`, `a\"b`},
		{"a\nb", `a\nb`},
		{`a\nb`, `a\\nb`},
		{"\\\"\n", `\\\"\n`},
	} {
		if got := string(model.AppendEscaped([]byte("x"), test.text)); got != "x"+test.escaped {
			t.Errorf("%q escaped is %s, want %s behind an x", test.text, got, test.escaped)
		}
		if got := model.Unescape(test.escaped); got != test.text {
			t.Errorf("%s unescaped is %q, want %q", test.escaped, got, test.text)
		}
		if got, want := model.IsPlain(test.text), isASCII(test.text) && test.text == test.escaped; got != want {
			t.Errorf("%q is plain: %v", test.text, got)
		}
	}
}

func TestAppendName(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"up", "up"},
		{"_x9", "_x9"},
		{"job:up:sum", "job:up:sum"},
		{"9x", `"9x"`},
		{"http.status", `"http.status"`},
		{"größe", `"größe"`},
		{"a\"b\\c\nd", `"a\"b\\c\nd"`},
	} {
		if got := string(model.AppendName([]byte("x "), test.name)); got != "x "+test.want {
			t.Errorf("the name %q is rendered as %s, want %s", test.name, got, test.want)
		}
		if got := model.IsLegacyName(test.name); got != (test.name == test.want) {
			t.Errorf("%q is a classic name: %v", test.name, got)
		}
	}
}

func TestAppendLabelName(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"code", "code"},
		{"job:up", `"job:up"`}, // As a metric name, it would need no quotes.
		{"http.status", `"http.status"`},
	} {
		if got := string(model.AppendLabelName([]byte("x "), test.name)); got != "x "+test.want {
			t.Errorf("the name %q is rendered as %s, want %s", test.name, got, test.want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		escaped := string(model.AppendEscaped(nil, text))
		if got := model.Unescape(escaped); got != text {
			t.Errorf("%q escaped and unescaped is %q", text, got)
		}
		if strings.Contains(escaped, "\n") || model.IsPlain(text) != (isASCII(text) && escaped == text) {
			t.Errorf("%q is escaped as %q", text, escaped)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// TestIsPlain checks each byte at each position.
func TestIsPlain(t *testing.T) {
	for n := range 30 {
		s := bytes.Repeat([]byte("a"), n)
		if !model.IsPlain(string(s)) {
			t.Errorf("%q is not plain", s)
		}
		for i := range n {
			for b := range 256 {
				s[i] = byte(b)
				if got, want := model.IsPlain(string(s)), b < 0x80 && b != '"' && b != '\\' && b != '\n'; got != want {
					t.Fatalf("%q is plain: %v", s, got)
				}
			}
			s[i] = 'a'
		}
	}
}
