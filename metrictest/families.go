package metrictest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/luxfi/metric"
)

// problemsOf returns the problems of families that a gatherer has returned, at most one per family.
func problemsOf(families []*metric.MetricFamily) (problems []string) {
	last := ""
	for i, f := range families {
		if f == nil {
			problems = append(problems, "a family that is nil")
			continue
		}
		name := f.GetName()
		switch {
		case i > 0 && name == last:
			problems = append(problems, fmt.Sprintf("the family %q comes twice; its metrics must be together", name))
		case i > 0 && name < last:
			problems = append(problems, fmt.Sprintf("the family %q comes after %q; families must be sorted by name, so that they can be merged", name, last))
		default:
			if problem := problemOf(f); problem != "" {
				problems = append(problems, fmt.Sprintf("the family %q: %s", name, problem))
			}
		}
		last = name
	}
	return problems
}

func problemOf(f *metric.MetricFamily) string {
	switch {
	case f.GetName() == "":
		return "it has no name"
	case !utf8.ValidString(f.GetName()), !utf8.ValidString(f.GetHelp()), !utf8.ValidString(f.GetUnit()):
		return "name, help and unit must be valid UTF-8"
	case len(f.GetMetric()) == 0:
		return "it has no metrics; leave out families without metrics"
	}
	seen := make(map[string]struct{}, len(f.GetMetric()))
	for _, m := range f.GetMetric() {
		if m == nil {
			return "a metric is nil"
		}
		labels := labelsOf(m)
		if problem := problemOfMetric(f.GetType(), m); problem != "" {
			return fmt.Sprintf("the metric {%s}: %s", labels, problem)
		}
		if _, twice := seen[labels]; twice {
			return fmt.Sprintf("the series {%s} comes twice", labels)
		}
		seen[labels] = struct{}{}
	}
	return ""
}

func problemOfMetric(t metric.MetricType, m *metric.MetricData) string {
	labels := m.GetLabel()
	for i, l := range labels {
		switch {
		case l == nil:
			return "a label is nil"
		case !utf8.ValidString(l.GetName()) || !utf8.ValidString(l.GetValue()):
			return "labels must be valid UTF-8"
		case i > 0 && l.GetName() == labels[i-1].GetName():
			return fmt.Sprintf("the label %q comes twice", l.GetName())
		}
	}
	sorted := slices.IsSortedFunc(labels, func(a, b *metric.LabelPair) int { return strings.Compare(a.GetName(), b.GetName()) })
	if !sorted {
		return "its labels must be sorted by name"
	}
	if !hasValueOf(t, m) {
		return fmt.Sprintf("it has no value of type %s, the type of its family", strings.ToLower(t.String()))
	}
	return problemOfBuckets(m)
}

// hasValueOf reports whether a metric has a value of type t and no other value.
func hasValueOf(t metric.MetricType, m *metric.MetricData) bool {
	values := map[metric.MetricType]bool{
		metric.MetricTypeCounter:   m.GetCounter() != nil,
		metric.MetricTypeGauge:     m.GetGauge() != nil,
		metric.MetricTypeSummary:   m.GetSummary() != nil,
		metric.MetricTypeUntyped:   m.GetUntyped() != nil,
		metric.MetricTypeHistogram: m.GetHistogram() != nil,
	}
	if t == metric.MetricTypeGaugeHistogram {
		t = metric.MetricTypeHistogram
	}
	for other, has := range values {
		if has != (other == t) {
			return false
		}
	}
	return true
}

// problemOfBuckets checks the classic buckets of a histogram. They are cumulative, so none may exceed the
// count, and the last one must equal the count if it has no upper bound.
func problemOfBuckets(m *metric.MetricData) string {
	h := m.GetHistogram()
	if h.GetSampleCountFloat() > 0 {
		return ""
	}
	last, bound := uint64(0), math.Inf(-1)
	for i, b := range h.GetBucket() {
		switch {
		case i > 0 && !(b.GetUpperBound() > bound):
			return fmt.Sprintf("the bucket %v comes after %v", b.GetUpperBound(), bound)
		case b.GetCumulativeCount() < last:
			return fmt.Sprintf("the bucket %v counts less than the one before; buckets are cumulative", b.GetUpperBound())
		}
		last, bound = b.GetCumulativeCount(), b.GetUpperBound()
	}
	if last > h.GetSampleCount() || math.IsInf(bound, 1) && last != h.GetSampleCount() {
		return fmt.Sprintf("the bucket %v counts %d, but the histogram counts %d", bound, last, h.GetSampleCount())
	}
	return ""
}
