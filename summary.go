package metric

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// NewSummary returns a summary: a count, a sum and, if there are objectives, quantiles
// over a sliding window. It panics if the rank or the error of an objective is not from
// 0 to 1, if MaxAge is negative, or if a label is called quantile. Other errors in opts
// are reported when it is registered.
//
// Summaries made by this package are safe for concurrent use. Those without
// objectives scale with the cores.
func NewSummary(opts SummaryOpts) Summary {
	f := newFamily(model.Summary, summaryFamily(opts), nil)
	s := alone[summary](f)
	s.init(newSummaryShape(f, opts))
	return s
}

func summaryFamily(o SummaryOpts) Opts {
	return Opts{Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, Unit: o.Unit, ConstLabels: o.ConstLabels}
}

const quantileLabel = "quantile"

var errQuantileLabelNotAllowed = fmt.Errorf("%q is not allowed as label name in summaries", quantileLabel)

// summaryShape is what all summaries of a vector have in common.
type summaryShape struct {
	objectives map[float64]float64
	ranks      []float64     // The keys of objectives, sorted.
	step       time.Duration // By which the window slides.
	steps      int           // How many make up the window.
	buffer     int           // How many observations are buffered.
}

func newSummaryShape(f *family, opts SummaryOpts) *summaryShape {
	if f.has(quantileLabel) {
		panic(f.misuse(errQuantileLabelNotAllowed))
	}
	if err := checkObjectives(opts.Objectives); err != nil {
		panic(f.misuse(err))
	}
	if opts.MaxAge < 0 {
		panic(f.misuse(fmt.Errorf("illegal max age MaxAge=%v: it must not be negative", opts.MaxAge)))
	}
	maxAge, steps, buffer := opts.MaxAge, opts.AgeBuckets, opts.BufCap
	if maxAge == 0 {
		maxAge = DefMaxAge
	}
	if steps == 0 {
		steps = DefAgeBuckets
	}
	if buffer == 0 {
		buffer = DefBufCap
	}
	return &summaryShape{
		objectives: maps.Clone(opts.Objectives),
		ranks:      slices.Sorted(maps.Keys(opts.Objectives)),
		step:       max(1, maxAge/time.Duration(steps)),
		steps:      int(steps),
		buffer:     int(buffer),
	}
}

// checkObjectives returns why a summary cannot have these objectives. Quantiles that are
// percentages are the usual mistake; to look them up would panic.
func checkObjectives(objectives map[float64]float64) error {
	within := func(v float64) bool { return v >= 0 && v <= 1 } // NaN is not.
	for _, rank := range slices.Sorted(maps.Keys(objectives)) {
		if !within(rank) {
			return fmt.Errorf("the objective {%v: %v} has a quantile that is not from 0 to 1, such as 0.99", rank, objectives[rank])
		}
		if e := objectives[rank]; !within(e) {
			return fmt.Errorf("the objective {%v: %v} has an error that is not from 0 to 1, such as 0.001", rank, e)
		}
	}
	return nil
}

// summary implements Summary.
type summary struct {
	series

	created int64           // Nanoseconds since the Unix epoch.
	plain   observations    // Used without objectives.
	window  *quantileWindow // Used with objectives, and nil otherwise.
}

func (s *summary) init(shape *summaryShape) {
	now := time.Now()
	s.created = now.UnixNano()
	if len(shape.objectives) > 0 {
		s.window = newQuantileWindow(shape, now)
	} else {
		s.plain.init(1, nil)
	}
}

// Observe counts v.
func (s *summary) Observe(v float64) {
	if s.window != nil {
		s.window.observe(v)
		return
	}
	s.plain.add(v, 0)
}

func (s *summary) point(p *model.Point, scratch *model.Scratch) {
	out := &scratch.Summary
	*out = model.SummaryValue{Quantiles: out.Quantiles[:0]}
	if s.window != nil {
		s.window.read(out)
	} else {
		s.plain.each(func(o *observed) {
			out.Count += o.counts[0]
			out.Sum += o.sum
		})
	}
	*p = model.Point{Labels: labelsOf(s), Summary: out, Created: model.Instant{Nanos: s.created, Valid: true}}
}

// Write implements Metric.
func (s *summary) Write(out *MetricData) error { return writeInstrument(s, out) }

// Describe implements Collector.
func (s *summary) Describe(ch chan<- *Desc) { ch <- s.Desc() }

// Collect implements Collector.
func (s *summary) Collect(ch chan<- Metric) { ch <- s }

// SummaryVec is a set of summaries that differ in the values of their labels. It is safe
// for concurrent use; see CounterVec for more.
type SummaryVec struct {
	*MetricVec

	vec   *vec[summary, *summary] // Nil in a no-op vector.
	shape *summaryShape
}

// NewSummaryVec returns a vector of summaries with these labels. It panics like
// NewSummary.
func NewSummaryVec(opts SummaryOpts, labelNames []string) *SummaryVec {
	return V2.NewSummaryVec(SummaryVecOpts{SummaryOpts: opts, VariableLabels: UnconstrainedLabels(labelNames)})
}

// NewSummaryVec returns a vector of summaries whose labels may be constrained. It
// panics like NewSummary.
func (v2) NewSummaryVec(opts SummaryVecOpts) *SummaryVec {
	f := newFamily(model.Summary, summaryFamily(opts.SummaryOpts), opts.VariableLabels)
	shape := newSummaryShape(f, opts.SummaryOpts)
	return summaryVec(newVec(f, func(s *summary) { s.init(shape) }), shape)
}

func summaryVec(v *vec[summary, *summary], shape *summaryShape) *SummaryVec {
	return &SummaryVec{&MetricVec{v}, v, shape}
}

// GetMetricWithLabelValues returns the summary with these label values; see
// CounterVec. It is a Summary.
func (v *SummaryVec) GetMetricWithLabelValues(values ...string) (Observer, error) {
	if v.vec == nil {
		return v.noOpVec(noOp.summary).get(values).(*noOpSummary), nil
	}
	m, err := v.vec.get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is GetMetricWithLabelValues with the label values by name.
func (v *SummaryVec) GetMetricWith(labels Labels) (Observer, error) {
	if v.vec == nil {
		return v.noOpVec(noOp.summary).getNamed(labels).(*noOpSummary), nil
	}
	m, err := v.vec.getNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is GetMetricWithLabelValues, but panics where that returns an error.
func (v *SummaryVec) WithLabelValues(values ...string) Observer {
	if v.vec == nil {
		return v.noOpVec(noOp.summary).get(values).(*noOpSummary)
	}
	if e := v.vec.plain.Get(values); e != nil {
		return &e.Child // Without the two calls in between, which take 2 ns.
	}
	return must(v.vec.get(values))
}

// With is GetMetricWith, but panics where that returns an error.
func (v *SummaryVec) With(labels Labels) Observer {
	if v.vec == nil {
		return v.noOpVec(noOp.summary).getNamed(labels).(*noOpSummary)
	}
	return must(v.vec.getNamed(labels))
}

// CurryWith returns a *SummaryVec with some of the labels fixed; see CounterVec.
func (v *SummaryVec) CurryWith(labels Labels) (ObserverVec, error) {
	if v.vec == nil {
		return &SummaryVec{MetricVec: v.curryNoOp(noOp.summary, labels)}, nil
	}
	curried, err := v.vec.curryWith(labels)
	if err != nil {
		return nil, err
	}
	return summaryVec(curried, v.shape), nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *SummaryVec) MustCurryWith(labels Labels) ObserverVec { return must(v.CurryWith(labels)) }
