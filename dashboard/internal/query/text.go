package query

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/internal/model"
)

// Numbers of runes that are shown of texts.
const (
	maxName  = 200
	maxValue = 200
	maxHelp  = 500
)

func cleanName(s string) string  { return clean(s, maxName) }
func cleanValue(s string) string { return clean(s, maxValue) }

// cleanHelp is clean with spaces in place of line breaks and tabs.
func cleanHelp(s string) string {
	if strings.ContainsAny(cutBytes(s, maxHelp), "\n\r\t") {
		s = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(cutBytes(s, maxHelp))
	}
	return clean(s, maxHelp)
}

// cutBytes returns a prefix of s with more than n runes if s is that long. It does not read the rest.
func cutBytes(s string, n int) string { return s[:min(len(s), (n+1)*utf8.UTFMax)] }

// clean returns s with U+FFFD in place of invalid bytes, control characters and characters that change
// the direction of text. If s has more than n runes, clean cuts it and appends "…". The time that it
// takes does not depend on the part that is cut off.
func clean(s string, n int) string {
	runes := 0
	for i, r := range s {
		if runes == n || unfit(r) {
			return cleaned(s, i, n, runes)
		}
		runes++
	}
	return s
}

// cleaned is clean for a text whose first i bytes, which are the given number of runes, need no change.
func cleaned(s string, i, n, runes int) string {
	var b strings.Builder
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		if runes == n {
			b.WriteString("…")
			break
		}
		if unfit(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
		runes++
	}
	return b.String()
}

// unfit reports whether a rune must not be shown. This includes utf8.RuneError, which may stand for an
// invalid byte.
func unfit(r rune) bool {
	switch {
	case ' ' <= r && r < 0x7f:
		return false
	case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
		return true
	}
	return false
}

// labelsOf converts labels for the page. The result is not nil.
func labelsOf(labels []model.Label) []api.Label {
	result := make([]api.Label, 0, len(labels))
	for _, l := range labels {
		result = append(result, api.Label{cleanName(l.Name), cleanValue(l.Value)})
	}
	return result
}
