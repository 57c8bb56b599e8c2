package names

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// The package has all rules of client_golang's promlint, which checks the metrics of a running program, and
// more rules about missing units.

// bases maps the units in names to their base units.
var bases = map[string]string{
	"amperes": "amperes", "bytes": "bytes", "celsius": "celsius", "grams": "grams", "joules": "joules",
	"kelvin": "kelvin", "meters": "meters", "metres": "metres", "seconds": "seconds", "volts": "volts",

	"minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds",
	"kelvins": "kelvin", "fahrenheit": "celsius", "rankine": "celsius",
	"inches": "meters", "yards": "meters", "miles": "meters",
	"bits": "bytes", "calories": "joules", "pounds": "grams", "ounces": "grams",
}

var multiples = regexp.MustCompile(
	`^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mebi|giga|gibi|tera|tebi|peta|pebi)(.+)$`)

// abbreviations maps abbreviations to the units that they may stand for.
var abbreviations = map[string]string{
	"s": "seconds", "ms": "seconds", "us": "seconds", "ns": "seconds", "sec": "seconds",
	"h": "seconds", "d": "seconds", "m": "meters or seconds",
	"b": "bytes", "kb": "bytes", "mb": "bytes", "gb": "bytes", "tb": "bytes", "pb": "bytes",
}

// sized lists words that make a name ending in _size a number of bytes.
var sized = []string{
	"request", "response", "message", "body", "payload", "file", "packet", "memory", "heap", "disk", "header", "object", "blob",
}

var (
	camelCase = regexp.MustCompile(`[a-z][A-Z]`)
	plain     = regexp.MustCompile(`^[a-zA-Z0-9_:]*$`)
)

// problems returns the problems of a metric's name. The beginning of the name may be missing.
func problems(kind library.Kind, name string) (list []problem) {
	add := func(category, format string, args ...any) {
		list = append(list, problem{category, fmt.Sprintf(format, args...)})
	}
	total := strings.HasSuffix(name, "_total")
	switch {
	case kind == library.Counter && !total:
		add("total", "the name of a counter should end in _total: %s_total", name)
	case total && kind != library.Counter && kind != library.Untyped && kind != library.Desc:
		add("total", "only the name of a counter should end in _total, and this is a %s", strings.ToLower(string(kind)))
	}
	switch {
	case !plain.MatchString(name):
		add("characters", "the name should consist of letters, digits and underscores: readers that do not know UTF-8 names get another one")
	case strings.Contains(name, ":"):
		add("characters", "the name should not contain a colon, which is for recording rules")
	case camelCase.MatchString(name):
		add("case", "the name should be written in snake_case")
	}
	words := strings.Split(name, "_")
	list = append(list, unitProblems(kind, words)...)
	if kind != library.Untyped && kind != library.Desc && slices.Contains(lower(words[1:]), strings.ToLower(string(kind))) && kind != library.Info {
		add("type", "the name should not contain the type of the metric, %s", strings.ToLower(string(kind)))
	}
	if kind != library.Untyped && kind != library.Desc {
		if p := reserved(kind, words[len(words)-1]); p != "" && len(words) > 1 {
			add("reserved", "%s", p)
		}
	}
	return list
}

type problem struct{ category, text string }

// unitProblems checks the units in a name.
func unitProblems(kind library.Kind, words []string) (list []problem) {
	unit, base := unitOf(words)
	if unit != base {
		list = append(list, problem{"unit", fmt.Sprintf("the unit should be the base unit: %s instead of %s", base, unit)})
	}
	for i, w := range lower(words) {
		if meant, ok := abbreviations[w]; ok && i > 0 {
			return append(list, problem{"unit", fmt.Sprintf("the unit %s should be written out, as a base unit: %s", w, meant)})
		}
	}
	if missing := missingUnit(kind, words); unit == "" && missing != "" {
		list = append(list, problem{"unit", "the name should contain the unit: " + missing})
	}
	return list
}

// unitOf returns the first unit in a name and its base unit, or empty strings.
func unitOf(words []string) (unit, base string) {
	for _, w := range words {
		if base, ok := bases[w]; ok {
			return w, base
		}
		if m := multiples.FindStringSubmatch(w); m != nil {
			if base, ok := bases[m[1]]; ok {
				return w, base
			}
		}
	}
	return "", ""
}

// missingUnit returns a name with the unit that it lacks.
func missingUnit(kind library.Kind, words []string) string {
	if kind != library.Histogram && kind != library.Summary && kind != library.Gauge {
		return ""
	}
	name := strings.Join(words, "_")
	switch last := words[len(words)-1]; {
	case last == "duration" || last == "latency":
		return name + "_seconds"
	case last == "size" && len(words) > 1 && slices.Contains(sized, words[len(words)-2]):
		return name + "_bytes"
	}
	return ""
}

// reserved returns the problem of the last word of a name.
func reserved(kind library.Kind, last string) string {
	switch last {
	case "bucket":
		if kind != library.Histogram {
			return "only histograms have series whose names end in _bucket"
		}
	case "count", "sum":
		if kind != library.Histogram && kind != library.Summary {
			return "only histograms and summaries have series whose names end in _" + last
		}
	}
	return ""
}

func lower(words []string) []string {
	l := make([]string, len(words))
	for i, w := range words {
		l[i] = strings.ToLower(w)
	}
	return l
}
