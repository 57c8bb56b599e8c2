package instrument

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/stripe"
)

// ReadableCounter is a counter, or a gauge, that can be read.
type ReadableCounter interface {
	prometheus.Counter
	Get() float64
}

// NewCounter returns a counter without variable labels.
func NewCounter(opts prometheus.CounterOpts) ReadableCounter {
	c := alone[Counter](newFamily(model.Counter, prometheus.Opts(opts), nil))
	c.created.Store(time.Now().UnixNano())
	if len(opts.ConstLabels) > 0 || runtime.GOMAXPROCS(0) > stripe.InlineCores {
		return c
	}
	lone := &loneCounter{Counter: c}
	c.Use(&lone.Inline)
	return lone
}

// loneCounter is a counter without labels. There are not many of these, so each has stripes
// before it is known whether cores will want it at the same time, as long as the cores
// are few.
type loneCounter struct {
	stripe.Inline // At the beginning, see Inc.
	*Counter
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
func (c *loneCounter) Collect(ch chan<- prometheus.Metric) { ch <- c }

// Counter implements ReadableCounter.
type Counter struct {
	series
	stripe.Counter // Not in a field, so that Add needs no method around it.

	created  atomic.Int64 // Nanoseconds since the Unix epoch.
	exemplar atomic.Pointer[model.Exemplar]
}

// Inc adds 1.
func (c *Counter) Inc() {
	if stripes := c.Stripes(); stripes != nil {
		if stripes.Inc() {
			stripes.Look()
		}
		runtime.KeepAlive(c) // Until the stripes have it, c must not look dropped; see SetExpiry.
	} else if c.IncCell() {
		c.Look()
	}
}

// AddWithExemplar adds v and keeps the labels as the counter's exemplar. It panics if v
// is negative or the labels are not valid for an exemplar. Nil labels are none.
func (c *Counter) AddWithExemplar(v float64, labels prometheus.Labels) {
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
func (c *Counter) Get() float64 { return c.Value() }

// Point implements Instrument.
func (c *Counter) Point(p *model.Point, _ *model.Scratch) {
	// The exemplar is read first, so that it is never one of an increment that the
	// value does not contain.
	exemplar := c.exemplar.Load()
	created, value := c.created.Load(), c.Value()
	for created == isRestarting || created != c.created.Load() {
		runtime.Gosched()
		created, value = c.created.Load(), c.Value()
	}
	p.SetNumber(labelsOf(c), value)
	p.Exemplar = exemplar
	p.Created = model.Instant{Nanos: created, Valid: true}
}

// Write implements Metric.
func (c *Counter) Write(out *clientmodel.Metric) error { return writeInstrument(c, out) }

// Describe implements Collector.
func (c *Counter) Describe(ch chan<- *prometheus.Desc) { ch <- c.Desc() }

// Collect implements Collector.
func (c *Counter) Collect(ch chan<- prometheus.Metric) { ch <- c }

// Counters are the counters of a vector.
type Counters = Vec[Counter, *Counter]

// NewCounters returns counters that differ in the values of their labels.
func NewCounters(opts prometheus.CounterVecOpts) *Counters {
	f := newFamily(model.Counter, prometheus.Opts(opts.CounterOpts), opts.VariableLabels)
	return newVec(f, func(c *Counter) { c.created.Store(time.Now().UnixNano()) })
}
