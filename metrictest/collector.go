package metrictest

import (
	"context"
	"errors"
	"sync"

	"github.com/luxfi/metric"
)

// Collector is a collector that misbehaves on command; see [Behaviour]. It has one family, a gauge with the
// label series. Create one with [New].
//
// It takes a context. [Collector.Plain] returns the same collector as one that takes no context, and
// [Collector.Stream] as one that writes to a sink. All three share the behaviour, the controls and the
// counts.
//
// A Collector is safe for concurrent use. Its controls may be used during a collection.
type Collector struct {
	name string
	desc *metric.Desc

	mu        sync.Mutex
	behaviour Behaviour
	released  chan struct{} // closed by Release
	started   int
	returned  int
	most      int           // largest number of concurrent runs
	alive     int           // runs and goroutines that they have left behind
	idle      chan struct{} // closed when alive is 0; nil if no caller waits
}

// New returns a collector of the family called name. It panics if the name is not valid or b is nil.
func New(name string, b Behaviour) *Collector {
	desc := metric.NewDesc(name, "A gauge of package metrictest.", []string{"series"}, nil)
	if err := desc.Err(); err != nil {
		panic(err)
	}
	c := &Collector{name: name, desc: desc}
	c.Become(b)
	return c
}

// Desc returns the only descriptor of the collector.
func (c *Collector) Desc() *metric.Desc { return c.desc }

// Describe implements metric.Collector.
func (c *Collector) Describe(ch chan<- *metric.Desc) { ch <- c.desc }

// Collect performs a run with the background context.
func (c *Collector) Collect(ch chan<- metric.Metric) { c.CollectWithContext(context.Background(), ch) }

// CollectWithContext performs a run. It sends the error of the run as an invalid metric.
func (c *Collector) CollectWithContext(ctx context.Context, ch chan<- metric.Metric) {
	send := func(ctx context.Context, m metric.Metric) error {
		select {
		case ch <- m:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := c.run(ctx, &Run{send: send, close: func() { close(ch) }})
	if err != nil {
		_ = send(ctx, metric.NewInvalidMetric(c.desc, err))
	}
}

// Plain returns the collector as one that takes no context.
func (c *Collector) Plain() metric.Collector { return plain{c} }

type plain struct{ collector *Collector }

func (p plain) Describe(ch chan<- *metric.Desc) { p.collector.Describe(ch) }
func (p plain) Collect(ch chan<- metric.Metric) { p.collector.Collect(ch) }

// Stream returns the collector as one that writes to a sink. A run returns its error.
func (c *Collector) Stream() metric.StreamCollector { return stream{c} }

type stream struct{ collector *Collector }

func (s stream) Describe(ch chan<- *metric.Desc) { s.collector.Describe(ch) }
func (s stream) Collect(ch chan<- metric.Metric) { metric.CollectStream(context.Background(), s, ch) }
func (s stream) CollectTo(ctx context.Context, sink *metric.Sink) error {
	send := func(ctx context.Context, m metric.Metric) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return sink.Metric(m)
	}
	return s.collector.run(ctx, &Run{send: send, close: func() {}})
}

// Become changes the behaviour of the collector from the next run on. Runs in progress are not affected.
// After a Release, runs can be held again.
func (c *Collector) Become(b Behaviour) {
	if b == nil {
		panic(errors.New("a collector needs a behaviour"))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.behaviour = b
	if c.released == nil || isClosed(c.released) {
		c.released = make(chan struct{})
	}
}

// Release ends all runs that wait, are stuck or are endless, and the goroutines that they have left behind.
// Until Become is called, it also applies to future runs.
func (c *Collector) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !isClosed(c.released) {
		close(c.released)
	}
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// Started returns the number of runs that have started.
func (c *Collector) Started() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// Running returns the number of runs that have not returned.
func (c *Collector) Running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started - c.returned
}

// MostAtOnce returns the largest number of concurrent runs so far.
func (c *Collector) MostAtOnce() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

// Wait waits until no run is in progress and no goroutine that a run has left behind is alive. If ctx is
// done first, Wait returns its error. A test that has released its collectors can call Wait to make sure
// that they have ended.
func (c *Collector) Wait(ctx context.Context) error {
	c.mu.Lock()
	if c.alive == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run performs one run, which may end in any way.
func (c *Collector) run(ctx context.Context, r *Run) error {
	c.mu.Lock()
	c.started++
	c.alive++
	c.most = max(c.most, c.started-c.returned)
	behaviour := c.behaviour
	r.collector, r.number, r.released = c, c.started, c.released
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.returned++
		c.mu.Unlock()
		c.ended()
	}()
	return behaviour(ctx, r)
}

// ended is called when a run, or a goroutine that it has left behind, has ended.
func (c *Collector) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive--
	if c.alive == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// Run is one run of a [Collector], passed to its [Behaviour].
type Run struct {
	collector *Collector
	number    int
	released  <-chan struct{}
	send      func(context.Context, metric.Metric) error
	close     func()
}

// Number returns the number of runs of the collector that have started, including this one. The first run
// has number 1.
func (r *Run) Number() int { return r.number }

// Released returns a channel that [Collector.Release] closes.
func (r *Run) Released() <-chan struct{} { return r.released }

// Send sends a sample of the collector's gauge with the given value of the label series. It returns an
// error if ctx is done before the sample is received, or if no receiver is left.
func (r *Run) Send(ctx context.Context, series string, value float64) error {
	m, err := metric.NewConstMetric(r.collector.desc, metric.GaugeValue, value, series)
	if err != nil {
		return err
	}
	return r.send(ctx, m)
}

// SendMetric sends any metric, even one that the collector has not described.
func (r *Run) SendMetric(ctx context.Context, m metric.Metric) error { return r.send(ctx, m) }

// Go runs f in a goroutine that may outlive the run. [Collector.Wait] waits for it.
func (r *Run) Go(f func()) {
	c := r.collector
	c.mu.Lock()
	c.alive++
	c.mu.Unlock()
	go func() {
		defer c.ended()
		f()
	}()
}
