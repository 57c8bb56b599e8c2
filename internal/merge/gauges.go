package merge

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// Infos and state sets are gauges in most formats, and so they are gauges, too, when they come
// back from another process or from another library. Where such a gauge meets an info or a state
// set of its name, all of them are served as gauges, with the same series as before.

// admitGauge makes a group one of gauges if that is what it takes to serve samples of f in it. It
// reports whether they can be served, although the types differ.
func (g *group) admitGauge(f *model.Family) bool {
	switch {
	case f.Type == model.Info && g.family.Type == model.Gauge:
		return true
	case f.Type != model.Gauge:
		return false
	case g.family.Type == model.Info:
		g.family = asGauge(g.family)
		return true
	case g.family.Type == model.StateSet && len(g.foreign) == 0:
		g.family = asGauge(g.family)
		sources := make([]model.Source, len(g.native)) // Those of the plan belong to others.
		for i, source := range g.native {
			sources[i] = stateGauges{source, g.family}
		}
		g.native = sources
		return true
	default:
		return false
	}
}

func asGauge(f *model.Family) *model.Family {
	gauge := *f
	gauge.Type = model.Gauge
	return &gauge
}

// stateGauges are state sets with a series for each state.
type stateGauges struct {
	states model.Source
	family *model.Family
}

func (s stateGauges) Family() *model.Family { return s.family }

// Series reads all values at once: they are those of the moment when it is called.
func (s stateGauges) Series() model.Series {
	var (
		series  = s.states.Series()
		point   model.Point
		scratch model.Scratch
		samples model.StateSamples
		all     statePoints
	)
	for i := range series.Len() {
		series.At(i, &point, &scratch)
		for state := range point.States.Names {
			if sample, err := samples.At(&point, s.family.Name, state); err == nil {
				all = append(all, sample.Clone())
			}
		}
	}
	slices.SortFunc(all, func(a, b model.Point) int { return model.CompareLabels(a.Labels, b.Labels) })
	return all
}

type statePoints []model.Point

func (s statePoints) Len() int                                   { return len(s) }
func (s statePoints) At(i int, p *model.Point, _ *model.Scratch) { *p = s[i] }
