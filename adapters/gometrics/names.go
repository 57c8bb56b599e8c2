package gometrics

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	metrics "github.com/hashicorp/go-metrics"
)

// flatten returns the name of the metric for a key.
func flatten(key []string) string {
	return clean(strings.Join(key, "_"), true)
}

// clean replaces characters that are not allowed in names.
func clean(name string, colons bool) string {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || colons && r == ':' {
			return r
		}
		return '_'
	}, name)
	if name != "" && '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// normalize returns the names and values of labels in the form that a series has, sorted by name.
func normalize(k kind, labels []metrics.Label) (names, values []string) {
	if len(labels) == 0 {
		return nil, nil
	}
	all := make([]metrics.Label, 0, len(labels))
	for _, l := range slices.Backward(labels) { // The last label with a name counts.
		name := labelName(k, l.Name)
		if !slices.ContainsFunc(all, func(l metrics.Label) bool { return l.Name == name }) {
			all = append(all, metrics.Label{Name: name, Value: strings.ToValidUTF8(l.Value, "\uFFFD")})
		}
	}
	slices.SortFunc(all, func(a, b metrics.Label) int { return cmp.Compare(a.Name, b.Name) })
	for _, l := range all {
		if l.Value != "" { // To Prometheus, an empty label is the same as no label.
			names, values = append(names, l.Name), append(values, l.Value)
		}
	}
	return names, values
}

// labelName returns the name of a label in the exposition.
func labelName(k kind, name string) string {
	name = clean(name, false)
	switch {
	case name == "":
		return "_"
	case strings.HasPrefix(name, "__"): // Prometheus reserves these names.
		return "_" + strings.TrimLeft(name, "_")
	case k == sample && (name == "le" || name == "quantile"):
		return "exported_" + name
	}
	return name
}

// joined returns a text that is unique for the list.
func joined(list []string) string {
	if len(list) == 0 {
		return ""
	}
	var b []byte
	for _, s := range list {
		b = append(strconv.AppendInt(b, int64(len(s)), 10), ':')
		b = append(b, s...)
	}
	return string(b)
}
