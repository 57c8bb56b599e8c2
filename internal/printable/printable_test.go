package printable_test

import (
	"testing"

	"github.com/luxfi/metric/internal/printable"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"plain, with ü and\na\ttab": "plain, with ü and\na\ttab",
		"\x1b[2J\x1b]0;title\a":     `\x1b[2J\x1b]0;title\x07`,
		"a\u202egpj.exe":            `a\u202egpj.exe`,
		"zero\u200bwidth\ufeff":     `zero\u200bwidth\ufeff`,
		"c1\u009b31m":               `c1\u009b31m`,
		"tag\U000e0041":             `tag\U000e0041`,
		"blank\u3164":               `blank\u3164`,
		"nul\x00":                   `nul\x00`,
		"invalid \xff":              "invalid \uFFFD",
	} {
		if got := printable.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
}
