package metric

import (
	"context"
)

// CollectorWithContext is a Collector that can take the context of a scrape.
//
// A registry of this package calls CollectWithContext instead of Collect. The context
// ends a little before the scrape's deadline, or when the client goes away; it carries the
// values that HandlerOpts.ContextFunc or the caller of GatherWithContext has put
// into it. An implementation passes it to whatever it calls, and returns soon after
// it is done. What it sends until it returns is served, as long as the scrape lasts: so it
// can still say that a backend is down. ch belongs to this call alone: the implementation
// must not close it, and may send to it late without harm.
//
// A collector may gather from the registry that it is registered with only under its
// context. The registry then refuses to run it within itself; without the context, the
// collector waits for itself.
//
// It tells that something has failed by sending NewInvalidMetric(desc, err), as any
// Collector does: the rest of what it sends is served, and the run is a failure in the
// error of the scrape, the self-metrics and the policies of RegisterWith.
//
// CollectWithContext must be safe for concurrent use.
type CollectorWithContext interface {
	Collector
	CollectWithContext(ctx context.Context, ch chan<- Metric)
}

// GathererWithContext is a Gatherer that can take the context of a scrape.
//
// GatherWithContext returns when it is finished or ctx is done, whichever is earlier.
// Its families are sorted by name and may come together with an error, as a partial
// result. They belong to the caller, but may be shared with others: they must not be
// modified.
type GathererWithContext interface {
	Gatherer
	GatherWithContext(ctx context.Context) ([]*MetricFamily, error)
}

// CollectorWithContextFunc is a function as a CollectorWithContext. It describes
// nothing, and so is an unchecked collector.
type CollectorWithContextFunc func(ctx context.Context, ch chan<- Metric)

// Describe sends nothing.
func (f CollectorWithContextFunc) Describe(chan<- *Desc) {}

// Collect calls f with the background context.
func (f CollectorWithContextFunc) Collect(ch chan<- Metric) { f(context.Background(), ch) }

// CollectWithContext calls f.
func (f CollectorWithContextFunc) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	f(ctx, ch)
}

// GathererWithContextFunc is a function as a GathererWithContext.
type GathererWithContextFunc func(ctx context.Context) ([]*MetricFamily, error)

// Gather calls f with the background context.
func (f GathererWithContextFunc) Gather() ([]*MetricFamily, error) { return f(context.Background()) }

// GatherWithContext calls f.
func (f GathererWithContextFunc) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	return f(ctx)
}

// NewCollectorFunc returns a collector made of two functions. If describe is nil, the
// collector describes nothing, and so is an unchecked one.
func NewCollectorFunc(describe func(chan<- *Desc), collect func(context.Context, chan<- Metric)) CollectorWithContext {
	if describe == nil {
		describe = func(chan<- *Desc) {}
	}
	return &funcCollector{describe, collect}
}

type funcCollector struct {
	describe func(chan<- *Desc)
	collect  func(context.Context, chan<- Metric)
}

func (c *funcCollector) Describe(ch chan<- *Desc) { c.describe(ch) }
func (c *funcCollector) Collect(ch chan<- Metric) { c.collect(context.Background(), ch) }
func (c *funcCollector) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	c.collect(ctx, ch)
}
