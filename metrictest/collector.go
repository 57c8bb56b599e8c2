package metrictest

import (
	"context"
	"errors"
	"sync"

	"github.com/luxfi/metric"
)

// Collector is a collector that does what it is told; see Behaviour. It has one family,
// a gauge with the label series. Create one with New.
//
// It takes a context. Plain returns the same collector as one that takes none, and
// Stream as one that writes to a sink; all of them share the behaviour, the controls
// and the counts.
//
// It is safe for concurrent use, its controls while it is collected from, too.
type Collector struct {
	name string
	desc *metric.Desc

	mu        sync.Mutex
	behaviour Behaviour
	released  chan struct{} // Closed by Release.
	started   int
	returned  int
	most      int           // Runs at once.
	alive     int           // Runs, and goroutines that they have left behind.
	idle      chan struct{} // Closed when alive is 0; nil if nobody waits.
}

// New returns a collector of the family with that name. It panics if the name is not
// valid or the behaviour is nil.
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

// Collect does a run with the background context.
func (c *Collector) Collect(ch chan<- metric.Metric) { c.CollectWithContext(context.Background(), ch) }

// CollectWithContext does a run. Its error is sent as an invalid metric.
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

// Become changes what the collector does, from the next run on. Runs that are under way
// are not affected. After a Release, runs can be held again.
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

// Release lets go all runs that wait, are stuck or have no end, and the goroutines that
// they have left behind; until Become is called, also those to come.
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

// Started returns how many runs have been started.
func (c *Collector) Started() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// Running returns how many runs have not returned.
func (c *Collector) Running() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started - c.returned
}

// MostAtOnce returns how many runs were under way at the same time, at most.
func (c *Collector) MostAtOnce() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

// Wait waits until no run is under way, and no goroutine that one has left behind; or
// until ctx is done, whose error it returns then. A test that has released its
// collectors can so be sure that they are gone.
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

// run does one run, however it ends.
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

// ended is called when a run has returned, or what it has left behind.
func (c *Collector) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive--
	if c.alive == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// Run is one run of a Collector, as its behaviour sees it.
type Run struct {
	collector *Collector
	number    int
	released  <-chan struct{}
	send      func(context.Context, metric.Metric) error
	close     func()
}

// Number returns how many runs of the collector have been started, this one included:
// the first is 1.
func (r *Run) Number() int { return r.number }

// Released returns a channel that Release closes.
func (r *Run) Released() <-chan struct{} { return r.released }

// Send sends a sample of the collector's gauge, with that value of its label. It
// returns an error if ctx is done before that is possible, or nobody waits for the
// sample any more.
func (r *Run) Send(ctx context.Context, series string, value float64) error {
	m, err := metric.NewConstMetric(r.collector.desc, metric.GaugeValue, value, series)
	if err != nil {
		return err
	}
	return r.send(ctx, m)
}

// SendMetric sends any metric, also one that the collector has not described.
func (r *Run) SendMetric(ctx context.Context, m metric.Metric) error { return r.send(ctx, m) }

// Go runs f in a goroutine that may outlive the run. Collector.Wait waits for it.
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
