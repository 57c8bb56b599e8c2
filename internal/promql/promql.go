// Package promql writes the parts of PromQL expressions that contain names. Names may have any
// characters: neither PromQL nor a template around the expression misreads them.
package promql

import (
	"slices"
	"strconv"
	"strings"
)

// Selector returns an instant selector for the series with the given name and all matchers, such as
// job="api".
func Selector(name string, matchers ...string) string {
	if isBare(name, true) {
		if len(matchers) == 0 {
			return name
		}
		return name + "{" + strings.Join(matchers, ", ") + "}"
	}
	return "{" + strings.Join(slices.Insert(slices.Clone(matchers), 0, Quote(name)), ", ") + "}"
}

// Match returns a matcher for the label. The operator is =, !=, =~ or !~.
func Match(label, operator, value string) string { return Label(label) + operator + Quote(value) }

// Label returns the name of a label, in quotes if it needs them.
func Label(name string) string {
	if isBare(name, false) {
		return name
	}
	return Quote(name)
}

// By returns the clause that keeps the labels in an aggregation, with a trailing space. Without labels,
// it returns "".
func By(labels ...string) string {
	if len(labels) == 0 {
		return ""
	}
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = Label(l)
	}
	return "by (" + strings.Join(names, ", ") + ") "
}

// Quote returns s as a string in double quotes. It escapes characters that Grafana would interpret as
// the beginning of a variable.
func Quote(s string) string {
	return strings.NewReplacer("$", `\x24`, "[[", `\x5b[`).Replace(strconv.Quote(s))
}

// Scraped returns the name that a program's label has in Prometheus. The server sets job and instance
// itself, and by default adds a prefix to labels with these names.
func Scraped(label string) string {
	if label == "job" || label == "instance" {
		return "exported_" + label
	}
	return label
}

// isBare reports whether a name needs no quotes.
func isBare(name string, colons bool) bool {
	if name == "" || slices.Contains(keywords, strings.ToLower(name)) {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', '0' <= c && c <= '9' && i > 0, c == ':' && colons:
		default:
			return false
		}
	}
	return true
}

// keywords are names that have another meaning in some places of an expression. The list may contain
// more than the grammar's keywords, since quotes do no harm.
var keywords = strings.Fields(`
	and anchored atan2 avg bool bottomk by count count_values end fill fill_left fill_right group group_left
	group_right ignoring inf limit_ratio limitk max min nan offset on or quantile smoothed start stddev stdvar
	step sum topk unless without`)

// Sanitize returns name with underscores instead of characters that classic names must not contain.
func Sanitize(name string) string {
	var b strings.Builder
	for i, r := range name {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_', '0' <= r && r <= '9' && i > 0:
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}
