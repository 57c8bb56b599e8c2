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

// BindCollector returns c as a plain Collector whose Collect calls CollectWithContext
// with ctx: for registries that do not know contexts. It describes what c describes.
func BindCollector(ctx context.Context, c CollectorWithContext) Collector {
	return &boundCollector{ctx, c}
}

type boundCollector struct {
	ctx       context.Context //nolint:containedctx // Binding a context is its purpose.
	collector CollectorWithContext
}

func (c *boundCollector) Describe(ch chan<- *Desc) { describeInner(c, c.collector, ch) }
func (c *boundCollector) Collect(ch chan<- Metric) { c.collector.CollectWithContext(c.ctx, ch) }

// CollectWithContext lets a bound collector take part in a scrape that has a context
// of its own: whichever ends first ends the collection. A value is looked up in the
// bound context first, then in the scrape's.
func (c *boundCollector) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	ctx, unbind := bindTo(ctx, c.ctx)
	defer unbind()
	c.collector.CollectWithContext(ctx, ch)
}

// bindTo returns a context that ends when ctx or bound does, whichever is first. A value
// is looked up in bound first, then in ctx.
func bindTo(ctx, bound context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(bound, func() { cancel(context.Cause(bound)) })
	return &boundContext{ctx, bound}, func() {
		stop()
		cancel(nil)
	}
}

// boundContext is a context with the values of another one before its own.
type boundContext struct {
	context.Context //nolint:containedctx // It is a context.

	values context.Context
}

func (c *boundContext) Value(key any) any {
	if v := c.values.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}

// BindGatherer returns g as a plain Gatherer whose Gather calls GatherWithContext with
// ctx: for APIs that take a Gatherer, such as client_golang's push package. Gather
// returns when ctx is done, even if g still runs. Until g returns, calls that follow fail
// with ErrStillRunning.
func BindGatherer(ctx context.Context, g GathererWithContext) Gatherer {
	return &boundGatherer{ctx, g}
}

type boundGatherer struct {
	ctx      context.Context //nolint:containedctx // Binding a context is its purpose.
	gatherer GathererWithContext
}

func (g *boundGatherer) Gather() ([]*MetricFamily, error) {
	return gatherBounded(g.ctx, g.gatherer)
}

// GatherWithContext lets a bound gatherer take part in a scrape that has a context of its
// own; see the CollectWithContext of a bound collector.
func (g *boundGatherer) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	ctx, unbind := bindTo(ctx, g.ctx)
	defer unbind()
	return gatherBounded(ctx, g.gatherer)
}
