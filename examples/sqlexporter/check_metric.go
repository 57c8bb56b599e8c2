package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reservedName matches the names of the exporter's metrics about itself.
var reservedName = regexp.MustCompile(`^(sql_up$|(go|process|promhttp|sql_config|sql_exporter|sql_scrape)_)`)

var (
	// ownLabels are the labels that a type adds to its series.
	ownLabels = map[string]string{typeHistogram: "le", typeSummary: "quantile"}
	// suffixes are the suffixes that a type adds to its series' names.
	suffixes = map[string][]string{typeHistogram: {"_bucket", "_count", "_sum"}, typeSummary: {"_count", "_sum"}}
)

// metric checks a metric.
func (c *checker) metric(path string, line lineNumber, s metricSettings) family {
	switch name := s.Name.value; {
	case !metricName.MatchString(name):
		c.errorf(line, path+".name", "%q cannot be the name of a metric; allowed are letters, digits, _ and :, not starting with a digit", name)
	case reservedName.MatchString(name):
		c.errorf(line, path+".name", "%q is reserved for the metrics of the exporter itself, as all names are that begin with go_, process_, promhttp_, sql_config_, sql_exporter_ or sql_scrape_", name)
	case s.Type.value == typeInfo && !strings.HasSuffix(name, "_info"):
		c.errorf(line, path+".name", "%q is of type info, so it must end in _info", name)
	}
	c.oneOf(s.Type, line, path+".type", metricTypes)
	if s.Help == "" {
		c.errorf(line, path+".help", "it is missing: say what the metric means, and its unit")
	}
	m := family{
		name: s.Name.value, kind: s.Type.value, help: s.Help, labels: s.Labels, static: s.StaticLabels,
		scale: 1, valueLabel: s.ValueLabel, count: s.Count, sum: s.Sum,
	}
	names := slices.Concat(s.Labels, slices.Sorted(maps.Keys(s.StaticLabels)))
	if s.ValueLabel != "" {
		names = append(names, s.ValueLabel)
	}
	c.labels(line, path, names)
	if s.Scale != nil {
		if m.scale = *s.Scale; !(m.scale > 0) || math.IsInf(m.scale, 0) {
			c.errorf(line, path+".scale", "it is %v, but must be positive", m.scale)
		}
	}
	c.fields(path, line, s)
	switch m.kind {
	case typeHistogram:
		m.points = c.points(path+".buckets", line, s.Buckets, math.Inf(-1), math.Inf(1))
	case typeSummary:
		m.points = c.points(path+".quantiles", line, s.Quantiles, 0, 1)
	}
	if s.Value != "" {
		m.values = []namedColumn{{column: s.Value}}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Values)) {
		m.values = append(m.values, namedColumn{name, s.Values[name]})
	}
	return m
}

// fields adds errors about keys that the metric's type requires or does not allow.
func (c *checker) fields(path string, line lineNumber, s metricSettings) {
	kind := s.Type.value
	single := kind == typeGauge || kind == typeCounter || kind == typeUntyped
	whole := kind == typeHistogram || kind == typeSummary
	if !single && !whole && kind != typeInfo {
		return // The type is unknown and has its own error.
	}
	for _, field := range []struct {
		key     string
		set, of bool // whether the key is set, and whether the type allows it
	}{
		{"value", s.Value != "", single},
		{"values", len(s.Values) > 0, single},
		{"value_label", s.ValueLabel != "", single},
		{"buckets", len(s.Buckets) > 0, kind == typeHistogram},
		{"quantiles", len(s.Quantiles) > 0, kind == typeSummary},
		{"count", s.Count != "", whole},
		{"sum", s.Sum != "", whole},
		{"scale", s.Scale != nil, kind != typeInfo},
	} {
		if field.set && !field.of {
			c.errorf(line, path+"."+field.key, "a metric of type %s does not have it", kind)
		}
	}
	switch {
	case single && (s.Value != "") == (len(s.Values) > 0):
		c.errorf(line, path, "a %s needs either value, a column, or values, several of them", kind)
	case single && (len(s.Values) > 0) != (s.ValueLabel != ""):
		c.errorf(line, path, "values and value_label, the label that tells them apart, need each other")
	case whole && (s.Count == "" || s.Sum == ""):
		c.errorf(line, path, "a %s needs the columns count and sum", kind)
	case whole && slices.Contains(labelNames(s), ownLabels[kind]):
		c.errorf(line, path, "the label %s is that of a %s itself (rename a column with AS)", ownLabels[kind], kind)
	}
}

// points returns the columns of buckets or quantiles in ascending order.
func (c *checker) points(path string, line lineNumber, columns map[string]string, low, high float64) []point {
	var points []point
	for at, column := range columns {
		n, err := strconv.ParseFloat(at, 64)
		if err != nil || !(n >= low && n <= high) {
			c.errorf(line, path, "%q is not a number from %v to %v", at, low, high)
		}
		points = append(points, point{n, column})
	}
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	for i := range points[min(1, len(points)):] {
		if points[i].at == points[i+1].at {
			c.errorf(line, path, "%v occurs twice", points[i].at)
		}
	}
	return points
}

// clashes adds errors about metrics that conflict with others of the same name, about databases' labels
// that metrics also have, and about queries that name databases that do not exist.
func (c *checker) clashes(s *settings, databases []database, extra []string) {
	type use struct {
		family
		where string
		line  lineNumber
	}
	first := map[string]use{}
	for _, name := range slices.Sorted(maps.Keys(s.Queries)) {
		for _, t := range s.Queries[name].Databases {
			if _, ok := s.Databases[t.value]; !ok {
				c.errorf(t.line, "queries."+name+".databases", "there is no database %q; allowed are: %s", t.value, strings.Join(slices.Sorted(maps.Keys(s.Databases)), ", "))
			}
		}
		for i, set := range s.Queries[name].Metrics {
			path, line := fmt.Sprintf("queries.%s.metrics[%d]", name, i), cmp.Or(set.Name.line, set.line)
			m := family{name: set.Name.value, kind: set.Type.value, help: set.Help, labels: labelNames(set)}
			for _, label := range m.labels {
				if slices.Contains(extra, label) {
					c.errorf(line, path, "the label %q is also one of the labels of a database", label)
				}
			}
			if own, ok := ownLabels[m.kind]; ok && slices.Contains(extra, own) {
				c.errorf(line, path, "the label %s is that of a %s itself, but also one of the labels of a database", own, m.kind)
			}
			one, ok := first[m.name]
			switch {
			case !ok:
				first[m.name] = use{m, path, line}
			case one.kind != m.kind:
				c.errorf(line, path+".type", "%s is a %s here and a %s in %s", m.name, m.kind, one.kind, one.where)
			case one.help != m.help:
				c.errorf(line, path+".help", "%s has the help %q here and %q in %s; it must be the same", m.name, m.help, one.help, one.where)
			case !slices.Equal(one.labels, m.labels):
				c.errorf(line, path+".labels", "%s has the labels %q here and %q in %s; they must be the same", m.name, m.labels, one.labels, one.where)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(first)) {
		whole := first[name]
		for _, suffix := range suffixes[whole.kind] {
			if other, ok := first[name+suffix]; ok {
				c.errorf(other.line, other.where+".name", "%s is also a series of the %s %s in %s", other.name, whole.kind, name, whole.where)
			}
		}
	}
	for _, d := range databases {
		c.twice(s, d)
	}
}

// twice adds an error for each metric that two queries of a database define with the same static labels,
// because their series would be indistinguishable.
func (c *checker) twice(s *settings, d database) {
	first := map[string]string{}
	for _, q := range d.queries {
		for i, m := range q.metrics {
			path := fmt.Sprintf("queries.%s.metrics[%d]", q.name, i)
			key := fmt.Sprintf("%s%q", m.name, m.static) // Maps are printed sorted by key.
			if where, ok := first[key]; ok {
				set := s.Queries[q.name].Metrics[i]
				c.errorf(cmp.Or(set.Name.line, set.line), path, "%s defines %s for the database %s, too; give them different static_labels, or use one query", where, m.name, d.name)
			}
			first[key] = path
		}
	}
}

// labelNames returns the sorted names of a metric's labels. Labels of the database are not among them.
func labelNames(s metricSettings) []string {
	names := slices.Concat(s.Labels, slices.Collect(maps.Keys(s.StaticLabels)))
	if s.ValueLabel != "" {
		names = append(names, s.ValueLabel)
	}
	slices.Sort(names)
	return names
}
