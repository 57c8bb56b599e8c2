package scrape

import (
	"maps"
	"slices"

	points "github.com/luxfi/metric/internal/model"
)

// overflowSource has a series for each family whose vectors have overflowed.
type overflowSource struct {
	family *points.Family
	series []overflowSeries
}

type overflowSeries struct {
	labels points.Labels
	count  uint64
}

// overflowsOf returns the series of the vectors of a part that have overflowed, sorted.
func overflowsOf(p *part) []overflowSeries {
	var counts map[string]uint64
	for _, e := range p.plan.entries {
		limits := e.limits()
		if limits == nil {
			continue
		}
		if n := limits.Usage().Overflowed; n > 0 {
			if counts == nil {
				counts = make(map[string]uint64)
			}
			counts[e.family()] += n
		}
	}
	all := make([]overflowSeries, 0, len(counts))
	for _, family := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, overflowSeries{mustLabels(points.Label{Name: "family", Value: family}), counts[family]})
	}
	return all
}

func (s *overflowSource) Family() *points.Family { return s.family }
func (s *overflowSource) Series() points.Series  { return s }
func (s *overflowSource) HasLabel(l string) bool { return l == "family" }
func (s *overflowSource) Len() int               { return len(s.series) }
func (s *overflowSource) At(i int, p *points.Point, _ *points.Scratch) {
	*p = points.Point{Labels: s.series[i].labels, Value: float64(s.series[i].count)}
}
