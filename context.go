package metric

import (
	"context"
)

// CollectorWithContext is a [Collector] that can take the context of a scrape.
//
// A registry of this package calls CollectWithContext instead of Collect. The context ends a little before
// the deadline of the scrape, or when the client disconnects. It carries the values that
// HandlerOpts.ContextFunc or the caller of GatherWithContext has added.
//
// An implementation passes the context to everything it calls, and returns soon after the context is done.
// Until the scrape ends, it serves every metric that the implementation sends before returning, so the
// implementation can still report that a backend is down. The channel belongs to this call. The
// implementation must not close it, and may safely send to it too late.
//
// A collector that gathers from its own registry must do so under its context. The registry then refuses to
// run the collector within itself. Without the context, the collector would wait for itself.
//
// An implementation reports an error by sending NewInvalidMetric(desc, err), as any [Collector] does. The
// scrape serves the other metrics that it sends. The error of the scrape, the self-metrics and the policies
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

// CollectorWithContextFunc adapts a function to a [CollectorWithContext]. It describes nothing, so it is an
// unchecked collector.
type CollectorWithContextFunc func(ctx context.Context, ch chan<- Metric)

// Describe sends nothing.
func (f CollectorWithContextFunc) Describe(chan<- *Desc) {}

// Collect calls f with the background context.
func (f CollectorWithContextFunc) Collect(ch chan<- Metric) { f(context.Background(), ch) }

// CollectWithContext calls f.
func (f CollectorWithContextFunc) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	f(ctx, ch)
}

// GathererWithContextFunc adapts a function to a [GathererWithContext].
type GathererWithContextFunc func(ctx context.Context) ([]*MetricFamily, error)

// Gather calls f with the background context.
func (f GathererWithContextFunc) Gather() ([]*MetricFamily, error) { return f(context.Background()) }

// GatherWithContext calls f.
func (f GathererWithContextFunc) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	return f(ctx)
}

// NewCollectorFunc returns a collector made of two functions. The function collect must be safe for
// concurrent use. If describe is nil, the collector describes nothing, so it is an unchecked collector.
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
