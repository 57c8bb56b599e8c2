package metric

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

// Counter is a value that only goes up, and starts from zero when the process does. Add
// panics if its argument is negative. NaN is added as to a float64: the counter stays NaN.
//
// Counters made by this package are safe for concurrent use, scale with the cores, do
// not allocate, and implement ExemplarAdder and [ReadableCounter]. [Value] reads any counter.
type Counter = prometheus.Counter

// ReadableCounter is a Counter that can be read. All counters made by this package are.
type ReadableCounter interface {
	Counter

	// Get returns the current value.
	Get() float64
}

// NewCounter returns a counter. Errors in opts are reported when it is registered.
//
// Without ConstLabels it takes more than a kilobyte, most of it cache lines that keep cores
// out of each other's way.
func NewCounter(opts CounterOpts) ReadableCounter { return instrument.NewCounter(opts) }

// CounterVec is a set of counters that differ in the values of their labels. It is safe
// for concurrent use, and finds a counter that exists without allocating.
type CounterVec struct {
	*MetricVec
	counterMark

	vec *instrument.Counters // Nil in a no-op vector.
}

// NewCounterVec returns a vector of counters with these labels.
func NewCounterVec(opts CounterOpts, labelNames []string) *CounterVec {
	return V2.NewCounterVec(CounterVecOpts{CounterOpts: opts, VariableLabels: UnconstrainedLabels(labelNames)})
}

// NewCounterVec returns a vector of counters whose labels may be constrained.
func (v2) NewCounterVec(opts CounterVecOpts) *CounterVec {
	return counterVec(instrument.NewCounters(opts))
}

// counterMark makes a CounterVec one of our own. It is an alias so that the field is not exported,
// and not a generic one, as all marks: package go/types has a data race with generic aliases,
// which would make the race detector fail the tests of programs that load this package.
type counterMark = instrument.Mark[CounterVec]

func counterVec(v *instrument.Counters) *CounterVec {
	return &CounterVec{&MetricVec{v}, instrument.MarkOf[CounterVec](v), v}
}

func (v *CounterVec) noOp() *instrument.NoOpCounters {
	return instrument.NoOpVecOf(v.coreOrNil(), instrument.NoOp.Counter)
}

// GetMetricWithLabelValues returns the counter with these label values, which are in
// the order of the label names, and makes it if it does not exist yet. It is an error
// if their number is wrong or one is not UTF-8. The values may be parts of a buffer that
// is used again: a new counter gets copies.
func (v *CounterVec) GetMetricWithLabelValues(values ...string) (ReadableCounter, error) {
	if v.vec == nil {
		return v.noOp().Get(values), nil
	}
	m, err := v.vec.Get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is GetMetricWithLabelValues with the label values by name. It is an error
// if they are not those of all labels. The map is not kept.
func (v *CounterVec) GetMetricWith(labels Labels) (ReadableCounter, error) {
	if v.vec == nil {
		return v.noOp().GetNamed(labels), nil
	}
	m, err := v.vec.GetNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is GetMetricWithLabelValues, but panics where that returns an error.
func (v *CounterVec) WithLabelValues(values ...string) ReadableCounter {
	if v.vec == nil {
		return v.noOp().Get(values)
	}
	if e := v.vec.Plain.Get(values); e != nil {
		return &e.Child // Without the two calls in between, which take 2 ns.
	}
	return must(v.vec.Get(values))
}

// With is GetMetricWith, but panics where that returns an error.
func (v *CounterVec) With(labels Labels) ReadableCounter {
	if v.vec == nil {
		return v.noOp().GetNamed(labels)
	}
	return must(v.vec.GetNamed(labels))
}

// CurryWith returns a vector with some of the labels fixed, which shares its series
// with v. It is an error if a label is not one of v, or is fixed already.
func (v *CounterVec) CurryWith(labels Labels) (*CounterVec, error) {
	if v.vec == nil {
		return &CounterVec{MetricVec: &MetricVec{v.noOp().CurryWith(labels)}}, nil
	}
	curried, err := v.vec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return counterVec(curried), nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *CounterVec) MustCurryWith(labels Labels) *CounterVec { return must(v.CurryWith(labels)) }

// Replace replaces all series by those that build creates in another vector; see
// [MetricVec.Replace].
// The counters start anew: their values and start timestamps are those of the new series, also
// where the labels are those of an old one.
func (v *CounterVec) Replace(build func(*CounterVec)) {
	if v.vec == nil {
		noOp := v.noOp()
		aside := noOp.Aside()
		build(&CounterVec{MetricVec: &MetricVec{aside}})
		noOp.Adopt(aside)
		return
	}
	aside := v.vec.Aside()
	build(counterVec(aside))
	v.vec.Adopt(aside)
}
