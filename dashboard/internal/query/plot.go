package query

import (
	"cmp"
	"slices"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// Plot returns a family over time: the part after since or, if since is zero, the whole window of the
// spec. It has never more than 600 points. A window without an earlier sample begins with a point that
// has no rate.
//
// If there are more groups than a plot can show, it shows those with the largest values in the window. A plot
// that continues another one must show the same groups, so spec.Keys must have the keys of the previous
// plot's lines. Other groups take the remaining places, in the order of their keys.
func Plot(s *store.Snapshot, past Past, spec api.Spec, since time.Time) *api.Plot {
	p := &api.Plot{First: since.IsZero(), Kind: api.Values, T: []int64{}, Lines: []api.Line{}}
	f := find(s, spec.Family)
	if f == nil {
		p.Error = "there is no such family in the last sample"
		return p
	}
	spec = bounded(spec)
	p.Kind, p.Unit = kindOf(f), unitOf(f.Family)

	w := newWindow(past, since, s.At, lengthOf(spec))
	p.T = w.times()
	plotter := plotter{window: w, past: past, family: f, chosen: chosen{pinned: make(map[string]bool)}}
	for _, key := range spec.Keys {
		plotter.chosen.pinned[key] = true
	}
	groups, lost := groupsOf(f, goneOf(past, f), spec)
	plotter.prepare(groups, lost)
	shown := groups
	if !since.IsZero() {
		shown = plotter.chosen.preselect(groups, plotter.names)
	}
	plotter.plot(slices.Concat(groups, lost), shown)
	p.Lines, p.Hidden = plotter.chosen.lines(), len(groups)-len(plotter.chosen.all)
	if plotter.heat != nil {
		p.Heat = plotter.heat.answer()
		p.Heat.Counts = f.Type == model.GaugeHistogram
	}
	return p
}

// goneOf returns the series of a family that are only in the past, sorted by key. A series in the
// snapshot may be gone by now.
func goneOf(past Past, f *store.Family) []*store.Series {
	gone := past.Gone(f.Name)
	if len(gone) == 0 {
		return nil
	}
	here := byKey(f)
	gone = slices.DeleteFunc(gone, func(s *store.Series) bool { return here[s.Key] != nil })
	slices.SortFunc(gone, func(a, b *store.Series) int { return cmp.Compare(a.Key, b.Key) })
	return gone
}

func lengthOf(spec api.Spec) time.Duration {
	if spec.Seconds <= 0 {
		return defaultWindow
	}
	return time.Duration(min(spec.Seconds, int(maxWindow/time.Second))) * time.Second
}

func kindOf(f *store.Family) api.PlotKind {
	switch f.Type {
	case model.Counter:
		return api.Rates
	case model.Histogram, model.GaugeHistogram, model.Summary:
		return api.Quantiles
	case model.StateSet:
		return api.States
	}
	return api.Values
}

// plotter makes the lines of one group after the other, so it needs memory only for those that are
// shown.
type plotter struct {
	window *window
	past   Past
	family *store.Family
	chosen chosen
	names  []string // possible names of groups' lines

	buckets *union // of histograms
	heat    *heat
	states  []string
	scratch []float64 // a number for each point
}

// prepare determines what the series have in common.
func (p *plotter) prepare(groups, lost []*group) {
	var series, all []*store.Series
	for _, g := range groups {
		series = append(series, g.series...)
		all = append(all, g.all()...)
	}
	for _, g := range lost {
		all = append(all, g.gone...)
	}
	p.names, p.scratch = []string{""}, p.window.missing()
	switch p.family.Type {
	case model.Histogram, model.GaugeHistogram:
		p.buckets = newUnion(shapesOf(all))
		p.heat = newHeat(p.buckets, len(p.window.points))
		p.names = percentiles(shownQuantiles)
	case model.Summary:
		p.names = append(percentiles(allQuantiles(series)), averageName)
	case model.StateSet:
		p.states = allStates(series)
		p.names = p.states
	}
}

func percentiles(quantiles []float64) []string {
	names := make([]string, len(quantiles))
	for i, q := range quantiles {
		names[i] = percentile(q)
	}
	return names
}

// plot reads the numbers of groups and offers the lines of those in shown. The others only add to the
// heat map.
func (p *plotter) plot(groups, shown []*group) {
	if p.heat == nil {
		groups = shown
	}
	var (
		series  []*store.Series
		ends    []int // end of each group's series
		visible = make(map[*group]bool, len(shown))
	)
	for _, g := range shown {
		visible[g] = true
	}
	for _, g := range groups {
		series = append(series, g.all()...)
		ends = append(ends, len(series))
	}
	at, sum := 0, p.newSum(groups)
	p.window.each(p.past, series, func(i int, numbers [][]float64) {
		sum.add(series[i], numbers)
		if i+1 < ends[at] {
			return
		}
		if visible[groups[at]] {
			p.chosen.offer(groups[at], sum.lines())
		}
		at++
		sum = p.newSum(groups[at:])
	})
	if len(p.window.points) == 0 {
		// There is nothing to compare yet, so the first groups are shown.
		for _, g := range shown[:min(len(shown), api.MaxLines)] {
			p.chosen.offer(g, sum.lines())
		}
	}
}

// sum accumulates the series of a group.
type sum interface {
	add(s *store.Series, numbers [][]float64)
	lines() []line
}

// newSum returns an empty sum for groups like the first one, or nil if there are no groups.
func (p *plotter) newSum(groups []*group) sum {
	if len(groups) == 0 {
		return nil
	}
	w := p.window
	switch p.family.Type {
	case model.Counter:
		return &rateSum{w, w.missing(), p.scratch}
	case model.Histogram:
		return newHistogramSum(w, p.buckets, p.heat, true)
	case model.GaugeHistogram:
		return newHistogramSum(w, p.buckets, p.heat, false)
	case model.Summary:
		return newSummarySum(w, groups[0])
	case model.StateSet:
		return newStateSum(w, p.states)
	}
	return &valueSum{w, w.missing()}
}

// rateSum is the rate of counters.
type rateSum struct {
	w            *window
	total, rates []float64 // rates is reused for each series
}

func (r *rateSum) add(s *store.Series, numbers [][]float64) {
	r.w.rates(numbers[0], s.Created, r.rates)
	add(r.total, r.rates)
}

func (r *rateSum) lines() []line { return []line{{"", r.total}} }

// valueSum is the sum of gauges.
type valueSum struct {
	w     *window
	total []float64
}

func (v *valueSum) add(_ *store.Series, numbers [][]float64) {
	for k, i := range v.w.points {
		addTo(&v.total[k], numbers[0][i])
	}
}

func (v *valueSum) lines() []line { return []line{{"", v.total}} }

// stateSum counts the series in each state.
type stateSum struct {
	w      *window
	states []string
	total  [][]float64
}

func newStateSum(w *window, states []string) *stateSum {
	s := &stateSum{w: w, states: states}
	for range states {
		s.total = append(s.total, w.missing())
	}
	return s
}

func (s *stateSum) add(series *store.Series, numbers [][]float64) {
	for j, state := range series.Shape.States {
		at := slices.Index(s.states, state)
		if at < 0 || j >= len(numbers) {
			continue
		}
		for k, i := range s.w.points {
			addTo(&s.total[at][k], numbers[j][i])
		}
	}
}

func (s *stateSum) lines() []line {
	lines := make([]line, len(s.states))
	for i, state := range s.states {
		lines[i] = line{state, s.total[i]}
	}
	return lines
}
