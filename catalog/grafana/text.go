package grafana

import (
	"regexp"
	"strings"
)

// maxText is how many runes a title or a description has at most.
const (
	maxTitle = 150
	maxText  = 2000
)

// literal returns s so that Grafana finds no variable in it: with an invisible character (U+2060,
// word joiner) after each character with which one begins.
func literal(s string) string {
	const joiner = "\u2060"
	return strings.NewReplacer("$", "$"+joiner, "[[", "["+joiner+"[").Replace(s)
}

// limited returns at most n runes of s, and an ellipsis if there are more.
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

// legend returns a format of legends with the values of these labels. Names that the format may not
// be able to hold have Grafana choose one.
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
