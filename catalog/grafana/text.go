package grafana

import (
	"regexp"
	"strings"
)

// maxText limits the runes of a title or a description.
const (
	maxTitle = 150
	maxText  = 2000
)

// literal returns s with an invisible character (U+2060, word joiner) after each character that begins a
// variable, so that Grafana finds no variable in it.
func literal(s string) string {
	const joiner = "\u2060"
	return strings.NewReplacer("$", "$"+joiner, "[[", "["+joiner+"[").Replace(s)
}

// limited returns s if it has at most n runes, and otherwise its beginning and an ellipsis.
func limited(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	runes := 0
	for i := range s {
		if runes == n {
			return s[:i] + "…"
		}
		runes++
	}
	return s
}

var plainLabel = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// legend returns a format of legends with the values of the labels. If the format may not support a name,
// legend lets Grafana choose a format.
func legend(fallback string, labels ...string) string {
	if len(labels) == 0 {
		return fallback
	}
	parts := make([]string, len(labels))
	for i, l := range labels {
		if !plainLabel.MatchString(l) {
			return "__auto"
		}
		parts[i] = "{{" + l + "}}"
	}
	return strings.Join(parts, " ")
}
