package metric

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

// Counter is a metric whose value only goes up. It starts at zero when the program starts. Add panics if
// its argument is negative. Adding NaN makes the counter NaN forever, as it does any float64.
//
// Counters made by this package are safe for concurrent use, scale with the number of cores, do not
// allocate, and implement [ExemplarAdder], [ContextAdder] and [ReadableCounter]. [Value] reads any
// counter.
type Counter = prometheus.Counter

// ReadableCounter is a [Counter] that can be read. All counters made by this package implement it.
type ReadableCounter interface {
	Counter

	// Get returns the current value.
	Get() float64
}

// NewCounter returns a counter. Registering it reports errors in opts.
//
// Without ConstLabels, a counter takes more than a kilobyte. Most of it is padding that keeps cores
// from contending for a cache line.
func NewCounter(opts CounterOpts) ReadableCounter { return instrument.NewCounter(opts) }

// CounterVec is a set of counters that differ in the values of their labels. Its embedded
// [MetricVec] has methods that delete and replace series and limit their number. A CounterVec is
// safe for concurrent use. Looking up a counter that exists does not allocate.
type CounterVec struct {
	*MetricVec
	counterMark

	vec *instrument.Counters // nil in a no-op vector
}

// NewCounterVec returns a vector of counters with these labels. Registering it reports errors in
// opts and labelNames.
func NewCounterVec(opts CounterOpts, labelNames []string) *CounterVec {
	return V2.NewCounterVec(CounterVecOpts{CounterOpts: opts, VariableLabels: UnconstrainedLabels(labelNames)})
}

// NewCounterVec returns a vector of counters whose labels may have constraints.
func (V2Constructors) NewCounterVec(opts CounterVecOpts) *CounterVec {
	return counterVec(instrument.NewCounters(opts))
}

// counterMark marks a CounterVec as a vector of this package. It is an alias so that the field is not
// exported. There is no generic alias for all marks, because package go/types has a data race with generic
// aliases. The race detector would make the tests of programs that load this package fail.
type counterMark = instrument.Mark[CounterVec]

func counterVec(v *instrument.Counters) *CounterVec {
	return &CounterVec{&MetricVec{v}, instrument.MarkOf[CounterVec](v), v}
}

func (v *CounterVec) noOp() *instrument.NoOpCounters {
	return instrument.NoOpVecOf(v.coreOrNil(), instrument.NoOp.Counter)
}

// GetMetricWithLabelValues returns the counter with the given label values, in the order of the label
// names. It creates the counter if it does not exist yet. It returns an error if the number of values is
// wrong or a value is not valid UTF-8. The values may be parts of a buffer that the caller reuses, because
// a new counter gets copies.
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

// GetMetricWith is like [CounterVec.GetMetricWithLabelValues], with the label values by name. It
// returns an error if labels does not have exactly the labels of the vector. It does not keep the
// map.
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

// WithLabelValues is like [CounterVec.GetMetricWithLabelValues], but panics where that returns an
// error.
func (v *CounterVec) WithLabelValues(values ...string) ReadableCounter {
	if v.vec == nil {
		return v.noOp().Get(values)
	}
	if e := v.vec.Plain.Get(values); e != nil {
		return &e.Child // Skipping the two calls in between saves 2 ns.
	}
	return must(v.vec.Get(values))
}

// With is like [CounterVec.GetMetricWith], but panics where that returns an error.
func (v *CounterVec) With(labels Labels) ReadableCounter {
	if v.vec == nil {
		return v.noOp().GetNamed(labels)
	}
	return must(v.vec.GetNamed(labels))
}

// CurryWith returns a vector with some of the labels fixed. The new vector shares its series with
// v. It returns an error if v does not have one of the labels, or if one is fixed already.
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

// MustCurryWith is like [CounterVec.CurryWith], but panics where that returns an error.
func (v *CounterVec) MustCurryWith(labels Labels) *CounterVec { return must(v.CurryWith(labels)) }

// Replace replaces all series with those that build creates in another vector; see [MetricVec.Replace]. The
// counters start anew: a new series has its own value and start timestamp, even if an old one had the same
// labels.
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
