package metric

import (
	"context"
)

// CollectorWithContext is a [Collector] that can take the context of a scrape.
//
// A registry of this package calls CollectWithContext instead of Collect. The context ends a little
// before the deadline of the scrape, or when the client goes away. It carries the values that
// HandlerOpts.ContextFunc or the caller of GatherWithContext has put into it.
//
// An implementation passes the context to everything it calls, and returns soon after the context
// is done. The scrape serves everything that it sends before it returns, as long as the scrape
// lasts, so it can still report that a backend is down. ch belongs to this one call: the
// implementation must not close it, and may send to it late without harm.
//
// A collector that gathers from the registry it is registered with must do so under its context.
// The registry then refuses to run the collector within itself. Without the context, the collector
// would wait for itself.
//
// An implementation reports an error by sending NewInvalidMetric(desc, err), as any Collector does.
// The rest of what it sends is served. The error of the scrape, the self-metrics and the policies
// of RegisterWith count the run as a failure.
//
// CollectWithContext must be safe for concurrent use.
type CollectorWithContext interface {
	Collector
	CollectWithContext(ctx context.Context, ch chan<- Metric)
}

// GathererWithContext is a [Gatherer] that can take the context of a scrape.
//
// GatherWithContext returns as soon as it has finished or ctx is done. It returns families sorted
// by name. Families may come together with an error, as a partial result. The slice belongs to the
// caller, but the families may be shared with others and must not be modified.
type GathererWithContext interface {
	Gatherer
	GatherWithContext(ctx context.Context) ([]*MetricFamily, error)
}

// CollectorWithContextFunc is a function as a [CollectorWithContext]. It describes nothing, which
// makes it an unchecked collector.
type CollectorWithContextFunc func(ctx context.Context, ch chan<- Metric)

// Describe sends nothing.
func (f CollectorWithContextFunc) Describe(chan<- *Desc) {}

// Collect calls f with the background context.
func (f CollectorWithContextFunc) Collect(ch chan<- Metric) { f(context.Background(), ch) }

// CollectWithContext calls f.
func (f CollectorWithContextFunc) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	f(ctx, ch)
}

// GathererWithContextFunc is a function as a [GathererWithContext].
type GathererWithContextFunc func(ctx context.Context) ([]*MetricFamily, error)

// Gather calls f with the background context.
func (f GathererWithContextFunc) Gather() ([]*MetricFamily, error) { return f(context.Background()) }

// GatherWithContext calls f.
func (f GathererWithContextFunc) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	return f(ctx)
}

// NewCollectorFunc returns a collector made of two functions. collect must be safe for concurrent
// use. If describe is nil, the collector describes nothing, which makes it an unchecked collector.
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
