package query

import (
	"cmp"
	"slices"
	"strings"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// describe returns the page's description of a family. It visits each series once.
func describe(f *store.Family, matched int) api.Family {
	return api.Family{
		Name: cleanName(f.Name), Type: typeName(f.Type), Unit: unitOf(f.Family), Help: cleanHelp(f.Help),
		Series: len(f.Series), Matched: matched, Native: isNative(f), Labels: countLabels(f.Series),
	}
}

func isNative(f *store.Family) bool {
	return (f.Type == model.Histogram || f.Type == model.GaugeHistogram) &&
		slices.ContainsFunc(f.Series, func(s *store.Series) bool { return s.Shape != nil && s.Shape.Native })
}

// maxLabelNames limits the labels of a family that are counted.
const maxLabelNames = 64

// countLabels counts the values of each label. Series are sorted, so many share a value with the
// previous one and need no lookup.
func countLabels(series []*store.Series) []api.LabelCount {
	type counter struct {
		name, last string
		values     map[string]struct{}
	}
	var counters []*counter
	of := func(i int, name string) *counter {
		if i < len(counters) && counters[i].name == name {
			return counters[i] // same value as in the previous series
		}
		if at := slices.IndexFunc(counters, func(c *counter) bool { return c.name == name }); at >= 0 {
			return counters[at]
		}
		if len(counters) == maxLabelNames {
			return nil
		}
		counters = append(counters, &counter{name: name, values: make(map[string]struct{})})
		return counters[len(counters)-1]
	}
	for _, s := range series {
		for i := range s.Labels {
			l := &s.Labels[i]
			c := of(i, l.Name)
			if c == nil || c.last == l.Value && len(c.values) > 0 {
				continue
			}
			c.last = l.Value
			c.values[l.Value] = struct{}{}
		}
	}
	slices.SortFunc(counters, func(a, b *counter) int { return cmp.Compare(a.name, b.name) })
	var counts []api.LabelCount
	for _, c := range counters {
		counts = append(counts, api.LabelCount{Name: cleanName(c.name), Values: len(c.values)})
	}
	return counts
}

// typeName returns the name of a type as package catalog spells it.
func typeName(t model.Type) string {
	if t == model.Untyped {
		return "unknown"
	}
	return strings.ReplaceAll(t.String(), " ", "")
}

// isType reports whether a text in lower case is the name of a type, or a prefix of one without being
// the name of another.
func isType(t model.Type, text string) bool {
	switch text {
	case "gauge":
		return t == model.Gauge
	case "untyped":
		return t == model.Untyped
	}
	return strings.HasPrefix(typeName(t), text)
}
