package relabel

import (
	"sync"
	"time"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// A reshaper applies steps to what a gatherer gathers. It remembers what they make of each series, so
// that from the second scrape on a rule costs a lookup.
type reshaper struct {
	steps    []numbered
	slots    int // The number of rules that need a cache.
	byFamily int // The number of steps at the beginning that treat all series of a family alike.

	evaluators sync.Pool // Of *evaluator.

	mu       sync.Mutex
	interned map[model.Family]*model.Family // Families that series have come to.
	families map[model.Family]*familyState  // By what they are before.
	natives  map[any]*native                // By their keys.
	swept    time.Time
}

var _ collect.Reshaper = (*reshaper)(nil)

func newReshaper(steps []numbered, slots int) *reshaper {
	r := &reshaper{
		steps: steps, slots: slots,
		interned: make(map[model.Family]*model.Family),
		families: make(map[model.Family]*familyState),
		natives:  make(map[any]*native),
		swept:    time.Now(),
	}
	for r.byFamily < len(steps) && isByFamily(steps[r.byFamily].stage) {
		r.byFamily++
	}
	return r
}

// forgetAfter is how long the verdict on a series is kept that is not met.
const forgetAfter = 10 * time.Minute

// sweep forgets what has not been met for a while. It is called with the mutex held.
func (r *reshaper) sweep(now time.Time) {
	if now.Sub(r.swept) < forgetAfter/2 {
		return
	}
	r.swept = now
	oldest := now.Add(-forgetAfter)
	for key, n := range r.natives {
		if n.used.before(oldest) {
			delete(r.natives, key)
		}
	}
	for f, s := range r.families {
		if s.used.before(oldest) {
			delete(r.families, f)
			continue
		}
		s.sweep(oldest)
	}
	clear(r.interned) // Those that are in use stay in the verdicts, and are equal to the next ones.
}

// intern returns the family that equals f.
func (r *reshaper) intern(f model.Family) *model.Family {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.interned[f]
	if known == nil {
		known = &f
		r.interned[f] = known
	}
	return known
}

// state returns what is known of a family.
func (r *reshaper) state(f *model.Family) *familyState {
	now := time.Now()
	r.mu.Lock()
	r.sweep(now)
	s := r.families[*f]
	r.mu.Unlock()
	if s == nil {
		s = &familyState{whole: r.whole(f), series: make(map[string]*verdict)}
		r.mu.Lock()
		if other := r.families[*f]; other != nil {
			s = other // Somebody was faster.
		}
		r.families[*f] = s
		r.mu.Unlock()
	}
	s.used.set(now)
	return s
}

// evaluate returns the verdict of the given steps on a series.
func (r *reshaper) evaluate(steps []numbered, f *model.Family, p *model.Point) *verdict {
	e, ok := r.evaluators.Get().(*evaluator)
	if !ok {
		e = &evaluator{slots: r.slots, intern: r.intern}
	}
	defer r.evaluators.Put(e)
	e.steps = steps
	return e.evaluate(f, p)
}

// whole returns the verdict on all series of a family if they have the same one, whatever their
// labels are, or else nil.
func (r *reshaper) whole(f *model.Family) *verdict {
	if r.byFamily == 0 {
		return nil
	}
	steps := r.steps[:r.byFamily]
	var first *verdict
	for _, p := range examples(f.Type) {
		v := r.evaluate(steps, f, &p)
		if first == nil {
			first = v
		}
		if v.dropped != first.dropped || !v.dropped && v.family != first.family || len(v.errs) != len(first.errs) {
			return nil
		}
	}
	if first.dropped || r.byFamily == len(r.steps) {
		return first
	}
	return nil
}

// examples returns points that have all kinds of samples that those of the type can have.
func examples(t model.Type) []model.Point {
	switch t {
	case model.Histogram, model.GaugeHistogram:
		return []model.Point{{Histogram: &model.HistogramValue{}}, {Histogram: &model.HistogramValue{Native: &model.NativeHistogram{}}}}
	case model.StateSet:
		return []model.Point{{States: &model.StateSetValue{Names: []string{"on"}}}}
	case model.Summary:
		return []model.Point{{Summary: &model.SummaryValue{Quantiles: []model.Quantile{{Quantile: 0.5}}}}}
	default:
		return []model.Point{{}}
	}
}

// Name implements collect.Reshaper.
func (r *reshaper) Name(family string) (string, bool) {
	for i := range r.steps {
		switch step := r.steps[i].stage.(type) {
		case *rule:
			if step.changesName() {
				return "", false
			}
		case *selection:
			if !step.keep(family) {
				return "", true
			}
		case *renaming:
			family = step.newName(family)
		}
	}
	return family, true
}

// changesName reports whether a rule can change the names of series.
func (r *rule) changesName() bool {
	switch r.action {
	case Replace, HashMod, Lowercase, Uppercase:
		return r.target.parts != nil || r.target.text == metricName
	default:
		return false
	}
}

// Samples implements collect.Reshaper.
func (r *reshaper) Samples(samples []model.Sample, refuse func(err error)) []model.Sample {
	return collect.ReshapeSamples(r, samples, refuse)
}

// Sink implements collect.Reshaper.
func (r *reshaper) Sink(to engine.Sink) engine.Sink {
	return &reshapingSink{Sink: to, reshaper: r, states: make(map[*model.Family]*familyState)}
}

// reshapingSink applies the steps to the samples of one run.
type reshapingSink struct {
	engine.Sink

	reshaper *reshaper
	states   map[*model.Family]*familyState
	reports  reports
	scaler   scaler
}

// maxStates is how many families a sink remembers by their address.
const maxStates = 10_000

// Sample implements engine.Sink.
func (s *reshapingSink) Sample(f *model.Family, p *model.Point) error {
	state := s.states[f]
	if state == nil {
		if len(s.states) >= maxStates {
			clear(s.states)
		}
		state = s.reshaper.state(f)
		s.states[f] = state
	}
	v := state.verdict(s.reshaper, f, p)
	for _, err := range v.errs {
		if s.reports.isNew(f, err) {
			s.Drop(err)
		}
	}
	if v.dropped {
		return nil
	}
	changed := *p
	v.apply(&changed)
	if err := s.scaler.scale(&changed, v.scales); err != nil && s.reports.isNew(f, err) {
		s.Drop(err)
	}
	return s.Sink.Sample(v.family, &changed)
}

// Hold implements engine.Holder.
func (s *reshapingSink) Hold(h engine.Held) error {
	var sources []model.Source
	for _, source := range h.Sources {
		sources = append(sources, s.reshaper.Sources(source, func(_ int, err error) { s.Drop(err) })...)
	}
	h.Sources = sources
	return engine.Hold(s.Sink, h)
}

// apply gives a point the labels that the verdict says.
func (v *verdict) apply(p *model.Point) {
	if v.relabeled {
		p.Labels = v.labels
	}
}

// reports knows which errors have been reported in a scrape: each once for a family.
type reports struct{ known map[report]struct{} }

type report struct {
	family *model.Family
	text   string
}

func (r *reports) isNew(f *model.Family, err error) bool {
	if r.known == nil {
		r.known = make(map[report]struct{})
	}
	one := report{f, err.Error()}
	_, known := r.known[one]
	r.known[one] = struct{}{}
	return !known
}
