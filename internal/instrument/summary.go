package instrument

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// NewSummary returns a summary without variable labels.
func NewSummary(opts prometheus.SummaryOpts) *Summary {
	f := newFamily(model.Summary, summaryFamily(opts), nil)
	s := newSingle[Summary](f)
	s.init(newSummaryShape(f, opts))
	return s
}

func summaryFamily(o prometheus.SummaryOpts) prometheus.Opts {
	return prometheus.Opts{Namespace: o.Namespace, Subsystem: o.Subsystem, Name: o.Name, Help: o.Help, Unit: o.Unit, ConstLabels: o.ConstLabels}
}

const quantileLabel = "quantile"

var errQuantileLabelNotAllowed = fmt.Errorf("%q is not allowed as label name in summaries", quantileLabel)

// summaryShape holds the common properties of all summaries of a vector.
type summaryShape struct {
	objectives map[float64]float64
	ranks      []float64     // keys of objectives, sorted
	step       time.Duration // time by which the window slides
	steps      int           // number of steps in the window
	buffer     int           // capacity of the buffer in observations
}

func newSummaryShape(f *family, opts prometheus.SummaryOpts) *summaryShape {
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
		maxAge = prometheus.DefMaxAge
	}
	if steps == 0 {
		steps = prometheus.DefAgeBuckets
	}
	if buffer == 0 {
		buffer = prometheus.DefBufCap
	}
	return &summaryShape{
		objectives: maps.Clone(opts.Objectives),
		ranks:      slices.Sorted(maps.Keys(opts.Objectives)),
		step:       max(1, maxAge/time.Duration(steps)),
		steps:      int(steps),
		buffer:     int(buffer),
	}
}

// checkObjectives returns an error that says why a summary cannot have these objectives. The usual mistake is
// to pass percentages, such as 99 instead of 0.99.
func checkObjectives(objectives map[float64]float64) error {
	within := func(v float64) bool { return v >= 0 && v <= 1 } // false for NaN
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

// Summary implements [prometheus.Summary].
type Summary struct {
	series

	created atomic.Int64    // nanoseconds since the Unix epoch
	plain   observations    // used without objectives
	window  *quantileWindow // used with objectives, nil otherwise
}

func (s *Summary) init(shape *summaryShape) {
	now := time.Now()
	s.begin(now)
	if len(shape.objectives) > 0 {
		s.window = newQuantileWindow(shape, now)
	} else {
		s.plain.init(1, nil)
	}
}

// Observe counts v.
func (s *Summary) Observe(v float64) {
	if s.window != nil {
		s.window.observe(v)
		runtime.KeepAlive(s) // as in Counter.Inc
		return
	}
	s.plain.add(v, 0)
}

// Point implements [Instrument].
func (s *Summary) Point(p *model.Point, scratch *model.Scratch) {
	out := &scratch.Summary
	created := s.read(out)
	for created != s.created.Load() { // Some stripes may be from before a restart.
		created = s.read(out)
	}
	*p = model.Point{Labels: labelsOf(s), Summary: out, Created: model.Instant{Nanos: created, Valid: true}}
}

// read reads the summary into out. It returns the start timestamp that it has read before the values, so that
// Point can detect a restart.
func (s *Summary) read(out *model.SummaryValue) (created int64) {
	created = s.created.Load()
	*out = model.SummaryValue{Quantiles: out.Quantiles[:0]}
	if s.window != nil {
		s.window.read(out)
		return created
	}
	s.plain.each(func(o *observed) {
		out.Count += o.counts[0]
		out.Sum += o.sum
	})
	return created
}

// Write implements Metric.
func (s *Summary) Write(out *clientmodel.Metric) error { return writeInstrument(s, out) }

// Describe implements Collector.
func (s *Summary) Describe(ch chan<- *prometheus.Desc) { ch <- s.Desc() }

// Collect implements Collector.
func (s *Summary) Collect(ch chan<- prometheus.Metric) { ch <- s }

// Summaries holds the summaries of a vector.
type Summaries = Vec[Summary, *Summary]

// NewSummaries returns the summaries of a vector, distinguished by the values of their labels.
func NewSummaries(opts prometheus.SummaryVecOpts) *Summaries {
	f := newFamily(model.Summary, summaryFamily(opts.SummaryOpts), opts.VariableLabels)
	shape := newSummaryShape(f, opts.SummaryOpts)
	v := newVec(f, func(s *Summary) { s.init(shape) })
	v.traits = shape.traits
	return v
}
