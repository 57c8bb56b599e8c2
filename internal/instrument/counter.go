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

// ReadableCounter is a counter or gauge with a method that returns its value.
type ReadableCounter interface {
	prometheus.Counter
	Get() float64
}

// NewCounter returns a counter without variable labels.
func NewCounter(opts prometheus.CounterOpts) ReadableCounter {
	c := newSingle[Counter](newFamily(model.Counter, prometheus.Opts(opts), nil))
	c.created.Store(time.Now().UnixNano())
	if len(opts.ConstLabels) > 0 || runtime.GOMAXPROCS(0) > stripe.InlineCores {
		return c
	}
	striped := &stripedCounter{Counter: c}
	c.Use(&striped.Inline)
	return striped
}

// stripedCounter is a counter without labels that has stripes from the start. A program has few of
// them, so they get stripes before contention shows, if there are few cores.
type stripedCounter struct {
	stripe.Inline // must be the first field, see Inc
	*Counter
}

// Inc relies on this offset.
var _ [0]struct{} = [unsafe.Offsetof(stripedCounter{}.Inline)]struct{}{}

// Inc adds 1. It uses the shortest expression for the reason given at [stripe.Inline.Ints]: c.Inline
// would check whether c is nil.
func (c *stripedCounter) Inc() {
	var here struct{}
	(*stripe.Inline)(unsafe.Pointer(c)).Ints(uint32(uintptr(unsafe.Pointer(&here))) * stripe.HashFactor).Add(1)
}

// Collect implements Collector.
func (c *stripedCounter) Collect(ch chan<- prometheus.Metric) { ch <- c }

// Counter implements [ReadableCounter].
type Counter struct {
	series
	stripe.Counter // embedded, so that Add needs no method around it

	created  atomic.Int64 // nanoseconds since the Unix epoch
	exemplar atomic.Pointer[model.Exemplar]
}

// Inc adds 1.
func (c *Counter) Inc() {
	if stripes := c.Stripes(); stripes != nil {
		if stripes.Inc() {
			stripes.Look()
		}
		runtime.KeepAlive(c) // Until the stripes have the increment, c must stay reachable; see SetExpiry.
	} else if c.IncCell() {
		c.Look()
	}
}

// AddWithExemplar adds v and keeps the labels as the counter's exemplar. It panics if v is negative or
// the labels are not valid for an exemplar. With nil labels, there is no exemplar.
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
	// The exemplar is read first, so that the value always contains the increment of the exemplar.
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

// Counters holds the counters of a vector.
type Counters = Vec[Counter, *Counter]

// NewCounters returns the counters of a vector, distinguished by the values of their labels.
func NewCounters(opts prometheus.CounterVecOpts) *Counters {
	f := newFamily(model.Counter, prometheus.Opts(opts.CounterOpts), opts.VariableLabels)
	return newVec(f, func(c *Counter) { c.created.Store(time.Now().UnixNano()) })
}
