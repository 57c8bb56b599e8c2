package otelmetric_test

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
)

// buckets uses histograms whose instruments advise boundaries.
func (p *program) buckets(m api.Meter) {
	for _, of := range []struct {
		name       string
		boundaries []float64
	}{
		{"buckets.none", []float64{}}, {"buckets.one", []float64{0.5}}, {"buckets.negative", []float64{-1, 0, 1}},
		{"buckets.many", []float64{0.001, 0.01, 0.1, 1, 10, 1e6, 1e21}},
	} {
		h := must(m.Float64Histogram(of.name, api.WithExplicitBucketBoundaries(of.boundaries...)))
		for _, v := range []float64{-5, -1, 0, 0.5, 0.75, 1, 3, 1e7} {
			h.Record(p.ctx, v, having(attribute.Bool("in", true)))
		}
	}
}

// viewed uses instruments that views change.
func (p *program) viewed(m api.Meter) {
	attributes := having(attribute.String("kept", "a"), attribute.String("left.out", "b"))
	others := having(attribute.String("kept", "a"), attribute.String("left.out", "c"))
	for _, name := range []string{"view.renamed", "view.dropped", "view.filtered", "view.twice"} {
		c := must(m.Int64Counter(name, api.WithDescription("Viewed.")))
		c.Add(p.ctx, 1, attributes)
		c.Add(p.ctx, 2, others)
		c.Add(p.ctx, 3, having(attribute.String("left.out", "d")))
	}
	for _, name := range []string{"view.buckets", "view.filtered.histogram", "view.sum"} {
		h := must(m.Float64Histogram(name))
		h.Record(p.ctx, 5, attributes)
		h.Record(p.ctx, 50, others)
	}
	must(m.Int64ObservableCounter("view.filtered.observed", api.WithInt64Callback(func(_ context.Context, o api.Int64Observer) error {
		o.Observe(1, attributes)
		o.Observe(2, others)
		return nil
	})))
	must(m.Int64ObservableUpDownCounter("view.filtered.observed.updown",
		api.WithInt64Callback(func(_ context.Context, o api.Int64Observer) error {
			o.Observe(-1, attributes)
			o.Observe(-2, others)
			return nil
		})))
}

// exponential uses histograms that views make exponential.
func (p *program) exponential(m api.Meter) {
	for _, of := range []struct {
		name   string
		values []float64
	}{
		{"exponential.narrow", []float64{1, 1.1, 1.2, 1.25}}, {"exponential.wide", []float64{1e-9, 1, 1e9}},
		{"exponential.signed", []float64{-3, -1, 0, 0, 2, 5}}, {"exponential.zero", []float64{0}},
	} {
		h := must(m.Float64Histogram(of.name, api.WithUnit("s")))
		for _, v := range of.values {
			h.Record(p.ctx, v, having(attribute.String("method", "GET")))
		}
	}
}

// exemplars measures under a sampled span.
func (p *program) exemplars(m api.Meter) {
	c := must(m.Float64Counter("exemplar.counter"))
	u := must(m.Float64UpDownCounter("exemplar.updown"))
	g := must(m.Int64Gauge("exemplar.gauge"))
	h := must(m.Float64Histogram("exemplar.histogram", api.WithExplicitBucketBoundaries(1, 2, 3)))
	filtered := must(m.Int64Counter("view.filtered.exemplar"))
	e := must(m.Float64Histogram("exponential.exemplar"))
	once := having(attribute.String("method", "GET"))
	c.Add(p.span, 2.5, once)
	c.Add(p.ctx, 1, once)
	u.Add(p.span, 1, once)
	g.Record(p.span, 1, once)
	for _, v := range []float64{0.5, 2, 9} {
		h.Record(p.span, v, once)
	}
	h.Record(p.ctx, 2.5, once)
	e.Record(p.span, 4, once)
	filtered.Add(p.span, 3, having(attribute.String("kept", "a"), attribute.String("left.out", "b")))
	for i := range 1000 {
		c.Add(p.span, float64(i), having(attribute.String("method", "many")))
	}
}

// overflow makes more series than the limit permits.
func (p *program) overflow(m api.Meter) {
	c := must(m.Int64Counter("overflow.counter"))
	h := must(m.Int64Histogram("overflow.histogram", api.WithExplicitBucketBoundaries(10)))
	for i := range int64(2 * seriesLimit) {
		id := having(attribute.Int64("id", i))
		c.Add(p.ctx, 1, id)
		h.Record(p.ctx, i, id)
	}
	c.Add(p.ctx, 1, having(attribute.Int("id", 0)))
	c.Add(p.ctx, 1)
	must(m.Int64ObservableGauge("overflow.observed", api.WithInt64Callback(func(_ context.Context, o api.Int64Observer) error {
		for i := range int64(2 * seriesLimit) {
			o.Observe(i, having(attribute.Int64("id", i)))
		}
		return nil
	})))
}

// conflicts uses instruments that want the same metric.
func (p *program) conflicts(m api.Meter) {
	first := having(attribute.String("from", "first"))
	second := having(attribute.String("from", "second"))

	c := must(m.Int64Counter("conflict.type", api.WithDescription("A counter.")))
	c.Add(p.ctx, 1, first)
	g := must(m.Int64Gauge("conflict.type.total", api.WithDescription("A gauge.")))
	g.Record(p.ctx, 2, second)

	c = must(m.Int64Counter("conflict.help", api.WithDescription("The first.")))
	c.Add(p.ctx, 1, first)
	c = must(m.Int64Counter("conflict.help", api.WithDescription("The second.")))
	c.Add(p.ctx, 2, second)

	c = must(m.Int64Counter("conflict.series", api.WithDescription("The first.")))
	c.Add(p.ctx, 1, first)
	f := must(m.Float64Counter("conflict.series", api.WithDescription("The first.")))
	f.Add(p.ctx, 2.5, first)
	c = must(m.Int64Counter("Conflict.Series", api.WithDescription("The first."))) // The same instrument.
	c.Add(p.ctx, 4, second)
}

// scopes uses several meters.
func (p *program) scopes() {
	for i, m := range []api.Meter{
		p.provider.Meter("plain"),
		p.provider.Meter("versioned", api.WithInstrumentationVersion("v2")),
		p.provider.Meter("versioned", api.WithInstrumentationVersion("v3"), api.WithSchemaURL("https://example.com/schema")),
		p.provider.Meter("attributed", api.WithInstrumentationAttributes(attribute.String("team.name", "käse"), attribute.Int("tier", 2))),
		p.provider.Meter("colliding", api.WithInstrumentationAttributes(attribute.String("a.b", "y"), attribute.String("a_b", "x"),
			attribute.String("name", "reserved"), attribute.String("version", "reserved"), attribute.String("empty", ""))),
		p.provider.Meter(""),
	} {
		c := must(m.Int64Counter("scope.counter", api.WithDescription("In several meters.")))
		c.Add(p.ctx, 1, having(attribute.String("meter", strconv.Itoa(i))))
		c.Add(p.ctx, int64(i), having(attribute.String("meter", "all")))
		c.Add(p.ctx, 1, having(attribute.String("otel_scope_name", "mine"), attribute.String("otel.scope.version", "mine")))
	}
}
