package relabel

import (
	"sync"
	"time"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// A reshaper applies steps to the result of a gatherer. It remembers the verdict on each series. So from the
// second scrape on, a rule takes only the time of a lookup.
type reshaper struct {
	steps    []numbered
	slots    int // number of rules that need a cache
	byFamily int // number of steps at the beginning that treat all series of a family alike

	evaluators sync.Pool // contains *evaluator
	store      *store
}

var _ collect.Reshaper = (*reshaper)(nil)

func newReshaper(steps []numbered, slots int) *reshaper {
	r := &reshaper{steps: steps, slots: slots, store: newStore()}
	for r.byFamily < len(steps) && isByFamily(steps[r.byFamily].stage) {
		r.byFamily++
	}
	return r
}

// state returns the state of a family.
func (r *reshaper) state(f *model.Family) *familyState {
	now := time.Now()
	if s := r.store.family(f, now); s != nil {
		return s
	}
	s := &familyState{family: ownFamily(*f), whole: r.whole(f), series: make(map[string]*verdict)}
	return r.store.addFamily(s, now)
}

// evaluate returns the verdict of the given steps on a series.
func (r *reshaper) evaluate(steps []numbered, f *model.Family, p *model.Point) *verdict {
	e, ok := r.evaluators.Get().(*evaluator)
	if !ok {
		e = &evaluator{slots: r.slots, store: r.store}
	}
	defer r.evaluators.Put(e)
	e.steps = steps
	return e.evaluate(f, p)
}

// whole returns the verdict on all series of a family if it does not depend on their labels, and nil
// otherwise.
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
		if v.dropped != first.dropped || !v.dropped && *v.family != *first.family || v.edit != first.edit || len(v.errs) != len(first.errs) {
			return nil
		}
		if v.edit != nil && len(v.edit.without) > 0 { // Other series may have other buckets.
			return nil
		}
	}
	if first.dropped || r.byFamily == len(r.steps) {
		return first
	}
	return nil
}

// examples returns points that together have all kinds of samples that points of type t can have.
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
func (r *reshaper) Samples(samples []model.Sample, report func(n int, err error)) []model.Sample {
	return collect.ReshapeSamples(r, samples, report)
}

// Sink implements collect.Reshaper.
func (r *reshaper) Sink(to engine.Sink) engine.Sink {
	return &reshapingSink{Sink: to, reshaper: r, states: make(map[*model.Family]*familyState), arrivals: arrivals{run: r.store.runs.Add(1)}}
}

// reshapingSink applies the steps to the samples of one run.
type reshapingSink struct {
	engine.Sink

	reshaper *reshaper
	states   map[*model.Family]*familyState
	reports  reports
	arrivals arrivals
	editor   editor
}

// maxStates limits the families that a sink remembers by their address.
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
	v := state.verdict(s.reshaper, p)
	if v.dropped {
		s.drop(f, v.errs)
		return nil
	}
	for _, err := range v.errs {
		s.note(f, err)
	}
	if first, err := s.arrivals.isFirst(f, p, v, s.reshaper.Before); !first {
		s.Drop(err)
		return nil
	}
	changed := *p
	v.apply(&changed)
	if err := s.editor.edit(v.family, &changed, v.edit); err != nil {
		s.note(f, err)
	}
	return s.Sink.Sample(v.family, &changed)
}

// drop reports a series that was dropped because of an error.
func (s *reshapingSink) drop(f *model.Family, errs []error) {
	if len(errs) == 0 {
		return
	}
	last := len(errs) - 1
	for _, err := range errs[:last] {
		s.note(f, err)
	}
	if s.reports.isNew(f, errs[last]) {
		s.Drop(errs[last])
	} else {
		s.Drop(nil)
	}
}

// note reports an error of a step, once per family.
func (s *reshapingSink) note(f *model.Family, err error) {
	if s.reports.isNew(f, err) {
		s.Note(err)
	}
}

// Hold implements engine.Holder.
func (s *reshapingSink) Hold(h engine.Held) error {
	var sources []model.Source
	for _, source := range h.Sources {
		sources = append(sources, s.reshaper.Sources(source, s.report)...)
	}
	h.Sources = sources
	return engine.Hold(s.Sink, h)
}

// report reports an error about families that are passed on as a whole.
func (s *reshapingSink) report(left int, err error) {
	if left == 0 {
		s.Note(err)
		return
	}
	s.Drop(err)
	for range left - 1 {
		s.Drop(nil)
	}
}

// reports records which errors have been reported in a scrape, so that each is reported once per family.
type reports struct{ known map[report]struct{} }

type report struct {
	family *model.Family
	text   string
}

// maxReports limits the errors that are distinguished. Further errors are not reported.
const maxReports = 1000

func (r *reports) isNew(f *model.Family, err error) bool {
	if r.known == nil {
		r.known = make(map[report]struct{})
	}
	one := report{f, err.Error()}
	if _, known := r.known[one]; known || len(r.known) >= maxReports {
		return false
	}
	r.known[one] = struct{}{}
	return true
}
