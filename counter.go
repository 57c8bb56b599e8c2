package metric

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
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
func NewCounter(opts CounterOpts) ReadableCounter {
	c := alone[counter](newFamily(model.Counter, Opts(opts), nil))
	c.created = time.Now().UnixNano()
	if len(opts.ConstLabels) > 0 || runtime.GOMAXPROCS(0) > stripe.InlineCores {
		return c
	}
	lone := &loneCounter{counter: c}
	c.Use(&lone.Inline)
	return lone
}

// loneCounter is a counter without labels. There are not many of these, so each has stripes
// before it is known whether cores will want it at the same time, as long as the cores
// are few.
type loneCounter struct {
	stripe.Inline // At the beginning, see Inc.
	*counter
}

// What Inc relies on.
var _ [0]struct{} = [unsafe.Offsetof(loneCounter{}.Inline)]struct{}{}

// Inc adds 1. See Ints for why it says no more than it has to: c.Inline would be checked for
// whether c is nil.
func (c *loneCounter) Inc() {
	var here struct{}
	(*stripe.Inline)(unsafe.Pointer(c)).Ints(uint32(uintptr(unsafe.Pointer(&here))) * stripe.HashFactor).Add(1)
}

// Collect implements Collector.
func (c *loneCounter) Collect(ch chan<- Metric) { ch <- c }

// counter implements ReadableCounter.
type counter struct {
	series
	stripe.Counter // Not in a field, so that Add needs no method around it.

	created  int64 // Nanoseconds since the Unix epoch.
	exemplar atomic.Pointer[model.Exemplar]
}

// Inc adds 1.
func (c *counter) Inc() {
	if stripes := c.Stripes(); stripes != nil {
		if stripes.Inc() {
			stripes.Look()
		}
	} else if c.IncCell() {
		c.Look()
	}
}

// AddWithExemplar adds v and keeps the labels as the counter's exemplar. It panics if v
// is negative or the labels are not valid for an exemplar. Nil labels are none.
func (c *counter) AddWithExemplar(v float64, labels Labels) {
	c.Add(v)
	if labels == nil {
		return
	}
	e, err := newExemplar(v, time.Now(), labels)
	if err != nil {
		panic(c.family.misuse(err))
	}
	c.exemplar.Store(e)
}

// Get returns the current value.
func (c *counter) Get() float64 { return c.Value() }

func (c *counter) point(p *model.Point, _ *model.Scratch) {
	// The exemplar is read first, so that it is never one of an increment that the
	// value does not contain.
	exemplar := c.exemplar.Load()
	p.SetNumber(labelsOf(c), c.Value())
	p.Exemplar = exemplar
	p.Created = model.Instant{Nanos: c.created, Valid: true}
}

// Write implements Metric.
func (c *counter) Write(out *MetricData) error { return writeInstrument(c, out) }

// Describe implements Collector.
func (c *counter) Describe(ch chan<- *Desc) { ch <- c.Desc() }

// Collect implements Collector.
func (c *counter) Collect(ch chan<- Metric) { ch <- c }

// CounterVec is a set of counters that differ in the values of their labels. It is safe
// for concurrent use, and finds a counter that exists without allocating.
type CounterVec struct {
	*MetricVec

	vec *vec[counter, *counter] // Nil in a no-op vector.
}

// NewCounterVec returns a vector of counters with these labels.
func NewCounterVec(opts CounterOpts, labelNames []string) *CounterVec {
	return V2.NewCounterVec(CounterVecOpts{CounterOpts: opts, VariableLabels: UnconstrainedLabels(labelNames)})
}

// NewCounterVec returns a vector of counters whose labels may be constrained.
func (v2) NewCounterVec(opts CounterVecOpts) *CounterVec {
	return counterVec(newVec[counter](newFamily(model.Counter, Opts(opts.CounterOpts), opts.VariableLabels), func(c *counter) {
		c.created = time.Now().UnixNano()
	}))
}

func counterVec(v *vec[counter, *counter]) *CounterVec { return &CounterVec{&MetricVec{v}, v} }

// GetMetricWithLabelValues returns the counter with these label values, which are in
// the order of the label names, and makes it if it does not exist yet. It is an error
// if their number is wrong or one is not UTF-8. The values may be parts of a buffer that
// is used again: a new counter gets copies.
func (v *CounterVec) GetMetricWithLabelValues(values ...string) (ReadableCounter, error) {
	if v.vec == nil {
		return v.noOpVec(noOp.counter).get(values).(*noOpCounter), nil
	}
	m, err := v.vec.get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is GetMetricWithLabelValues with the label values by name. It is an error
// if they are not those of all labels. The map is not kept.
func (v *CounterVec) GetMetricWith(labels Labels) (ReadableCounter, error) {
	if v.vec == nil {
		return v.noOpVec(noOp.counter).getNamed(labels).(*noOpCounter), nil
	}
	m, err := v.vec.getNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is GetMetricWithLabelValues, but panics where that returns an error.
func (v *CounterVec) WithLabelValues(values ...string) ReadableCounter {
	if v.vec == nil {
		return v.noOpVec(noOp.counter).get(values).(*noOpCounter)
	}
	if e := v.vec.plain.Get(values); e != nil {
		return &e.Child // Without the two calls in between, which take 2 ns.
	}
	return must(v.vec.get(values))
}

// With is GetMetricWith, but panics where that returns an error.
func (v *CounterVec) With(labels Labels) ReadableCounter {
	if v.vec == nil {
		return v.noOpVec(noOp.counter).getNamed(labels).(*noOpCounter)
	}
	return must(v.vec.getNamed(labels))
}

// CurryWith returns a vector with some of the labels fixed, which shares its series
// with v. It is an error if a label is not one of v, or is fixed already.
func (v *CounterVec) CurryWith(labels Labels) (*CounterVec, error) {
	if v.vec == nil {
		return &CounterVec{MetricVec: v.curryNoOp(noOp.counter, labels)}, nil
	}
	curried, err := v.vec.curryWith(labels)
	if err != nil {
		return nil, err
	}
	return counterVec(curried), nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *CounterVec) MustCurryWith(labels Labels) *CounterVec { return must(v.CurryWith(labels)) }
