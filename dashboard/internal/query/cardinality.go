package query

import (
	"cmp"
	"slices"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// Cardinality returns the sizes of all families and their growth since start, an earlier snapshot. If start
// is nil, there is no growth. limit limits the rows; 0 means 100, and there are never more than 1,000.
func Cardinality(s, start *store.Snapshot, limit int) *api.Cardinality {
	answer := &api.Cardinality{Rows: []api.Size{}}
	if s == nil {
		return answer
	}
	if start == nil {
		start = s
	}
	answer.T, answer.Since = millis(s.At), millis(start.At)
	answer.Series, answer.Grown = s.Series, s.Series-start.Series
	for _, f := range s.Families {
		answer.Bytes += f.Bytes
	}
	families := slices.Clone(s.Families)
	slices.SortFunc(families, func(a, b *store.Family) int {
		return cmp.Or(
			cmp.Compare(len(b.Series), len(a.Series)), cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name),
		)
	})
	for _, f := range families[:min(len(families), rowsOf(limit))] {
		size := api.Size{Family: describe(f, len(f.Series)), Bytes: f.Bytes, Grown: len(f.Series)}
		if old := start.Find(f.Name); old != nil {
			size.Grown -= len(old.Series)
		} else {
			size.New = true
		}
		answer.Rows = append(answer.Rows, size)
	}
	return answer
}

// Values returns the values of a family's label that have the most series, or nil if there is no such
// family or label. limit limits the values; 0 means 100, and there are never more than 1,000.
func Values(s *store.Snapshot, family, label string, limit int) *api.LabelCount {
	f := find(s, family)
	if f == nil {
		return nil
	}
	var (
		counts = make(map[string]*api.ValueCount)
		last   *api.ValueCount
		value  string
	)
	for _, one := range f.Series {
		at := slices.IndexFunc(one.Labels, func(l model.Label) bool {
			return l.Name == label || isCut(label) && cleanName(l.Name) == label
		})
		if at < 0 {
			continue
		}
		if v := one.Labels[at].Value; last == nil || v != value {
			value, last = v, counts[v]
			if last == nil {
				last = &api.ValueCount{Value: v}
				counts[v] = last
			}
		}
		last.Series++
		last.Bytes += one.Bytes
	}
	if len(counts) == 0 {
		return nil
	}
	all := make([]*api.ValueCount, 0, len(counts))
	for _, c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *api.ValueCount) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Value, b.Value))
	})
	answer := &api.LabelCount{Name: cleanName(label), Values: len(all), Top: []api.ValueCount{}}
	for _, c := range all[:min(len(all), rowsOf(limit))] {
		answer.Top = append(answer.Top, api.ValueCount{Value: cleanValue(c.Value), Series: c.Series, Bytes: c.Bytes})
	}
	return answer
}
