package expvar

import (
	"slices"
	"strconv"
	"strings"
)

// metricName returns the name of the metric for a variable or for fields of it.
func metricName(variable string, fields []string, suffix string) string {
	name := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == ':' {
			return r
		}
		return '_'
	}, strings.Join(append([]string{variable}, fields...), "_"))
	if name == "" || '0' <= name[0] && name[0] <= '9' {
		name = "_" + name
	}
	return name + suffix
}

// labelNames returns the names of the first n labels: those set by WithLabels, and then key, key2 and so
// on.
func (v *variable) labelNames(n int) []string {
	names := slices.Clone(v.labels[:min(n, len(v.labels))])
	for i := len(names); i < n; i++ {
		name := "key"
		if i > 0 {
			name += strconv.Itoa(i + 1)
		}
		for slices.Contains(v.labels, name) {
			name = "_" + name
		}
		names = append(names, name)
	}
	return names
}

// infoLabel returns the name of the label that holds a string.
func infoLabel(names []string) string {
	name := "value"
	for slices.Contains(names, name) {
		name = "_" + name
	}
	return name
}
