package metric

import "context"

// BindCollector returns c as a plain [Collector] whose Collect calls CollectWithContext with ctx.
// It is for registries that do not support contexts. The result describes what c describes.
func BindCollector(ctx context.Context, c CollectorWithContext) Collector {
	return &boundCollector{ctx, c}
}

type boundCollector struct {
	ctx       context.Context //nolint:containedctx // Binding a context is its purpose.
	collector CollectorWithContext
}

func (c *boundCollector) standsFor() Collector     { return c.collector }
func (c *boundCollector) Describe(ch chan<- *Desc) { describeInner(c, c.collector, ch) }
func (c *boundCollector) Collect(ch chan<- Metric) { c.collector.CollectWithContext(c.ctx, ch) }

// CollectWithContext lets a bound collector take part in a scrape that has a context of its own.
// The collection ends when either context does. Values of the bound context take precedence over
// values of the scrape's context.
func (c *boundCollector) CollectWithContext(ctx context.Context, ch chan<- Metric) {
	ctx, unbind := bindTo(ctx, c.ctx)
	defer unbind()
	c.collector.CollectWithContext(ctx, ch)
}

// bindTo returns a context that ends as soon as ctx or bound does. If both contexts have a value
// for a key, the value of bound counts.
func bindTo(ctx, bound context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(bound, func() { cancel(context.Cause(bound)) })
	return &boundContext{ctx, bound}, func() {
		stop()
		cancel(nil)
	}
}

// boundContext is a context in which the values of another one take precedence.
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

// BindGatherer returns g as a plain [Gatherer] whose Gather calls GatherWithContext with ctx. It is
// for APIs that take a Gatherer, such as client_golang's push package. Gather returns when ctx is
// done, even if g is still running. Until g returns, further calls fail with [ErrStillRunning].
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

// GatherWithContext lets a bound gatherer take part in a scrape that has a context of its own, as
// [boundCollector.CollectWithContext] does for a collector.
func (g *boundGatherer) GatherWithContext(ctx context.Context) ([]*MetricFamily, error) {
	ctx, unbind := bindTo(ctx, g.ctx)
	defer unbind()
	return gatherBounded(ctx, g.gatherer)
}
