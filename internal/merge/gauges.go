package merge

import "github.com/luxfi/metric/internal/model"

// Most formats write infos and state sets as gauges. Therefore they are gauges when they come back from
// another process or another library. If such a gauge meets an info or a state set of its name, all of them
// are served as gauges, with the same series as before.

// admitGauge turns a group into one of gauges if that is necessary to serve samples of f in it. It reports
// whether they can be served although the types differ.
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
		return g.makeGauges(asGauge(g.family))
	default:
		return false
	}
}

// makeGauges turns the native state sets of a group into sources of f.
func (g *group) makeGauges(f *model.Family) bool {
	gauges := make([]model.Source, len(g.native)) // The other list belongs to the plan.
	for i, source := range g.native {
		states, ok := source.(model.GaugeSource)
		if !ok {
			return false
		}
		gauges[i] = states.Gauges(f)
	}
	g.family, g.native = f, gauges
	return true
}

func asGauge(f *model.Family) *model.Family {
	gauge := *f
	gauge.Type = model.Gauge
	return &gauge
}
