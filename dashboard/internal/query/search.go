package query

import (
	"cmp"
	"slices"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
)

// Search finds families by words. The package documentation describes the syntax. limit limits the rows;
// 0 means 100, and there are never more than 1,000.
//
// Families whose name is a word of the search come first, then those whose name begins with or contains
// a word, then those with a word in their help or labels. Equally good matches are sorted by name.
func Search(s *store.Snapshot, words string, limit int) *api.Search {
	answer := &api.Search{Rows: []api.Family{}}
	if s == nil {
		return answer
	}
	answer.T, answer.Families, answer.Series = millis(s.At), len(s.Families), s.Series

	filter := parse(words)
	found, ranked := make([]match, 0, min(len(s.Families), 256)), false
	for _, f := range s.Families {
		m, ok := filter.match(f)
		if !ok {
			continue
		}
		answer.MatchedSeries += m.series
		ranked = ranked || m.rank > 0
		found = append(found, m)
	}
	answer.MatchedFamilies = len(found)
	if ranked {
		slices.SortFunc(found, func(a, b match) int {
			return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.family.Name, b.family.Name))
		})
	}
	for _, m := range found[:min(len(found), rowsOf(limit))] {
		answer.Rows = append(answer.Rows, describe(m.family, m.series))
	}
	return answer
}

// match is a family that matches a search.
type match struct {
	family *store.Family
	rank   int
	series int // number of its series that match
}

// match returns how well a family matches, and reports whether it does.
func (f *filter) match(family *store.Family) (m match, ok bool) {
	v := f.family(family)
	if v.out {
		return match{}, false
	}
	m = match{family: family, rank: v.rank, series: len(family.Series)}
	if v.open == 0 {
		return m, true
	}
	m.series = 0
	for _, s := range family.Series {
		if f.series(s, v.open) {
			m.series++
		}
	}
	return m, m.series > 0 || len(family.Series) == 0 && !f.positive(v.open)
}

// matching returns the series of a family that match.
func (f *filter) matching(family *store.Family) []*store.Series {
	v := f.family(family)
	switch {
	case v.out:
		return nil
	case v.open == 0:
		return family.Series
	}
	var found []*store.Series
	for _, s := range family.Series {
		if f.series(s, v.open) {
			found = append(found, s)
		}
	}
	return found
}
