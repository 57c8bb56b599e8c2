package bench_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// meterPeers are the implementations of OpenTelemetry's API. Each makes a meter and the handler of its metrics.
var meterPeers = []struct {
	peer string
	make func() (api.Meter, exposition)
}{
	{ours, func() (api.Meter, exposition) {
		registry := metric.NewContextRegistry()
		provider := otelmetric.NewMeterProvider(registry, otelmetric.WithCardinalityLimit(0))
		return provider.Meter("m"), exposition{handler: metric.HandlerFor(registry)}
	}},
	{otel, func() (api.Meter, exposition) {
		registry := prometheus.NewRegistry()
		exporter := must(otelprometheus.New(otelprometheus.WithRegisterer(registry)))
		provider := sdk.NewMeterProvider(sdk.WithReader(exporter), sdk.WithCardinalityLimit(0))
		return provider.Meter("m"), exposition{handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})}
	}},
}

// httpValues holds the attribute values of a request.
type httpValues struct {
	method string
	status int
	route  string
}

// httpSeries returns the values of n series.
func httpSeries(n int) []httpValues {
	methods := [...]string{"GET", "POST", "PUT", "DELETE"}
	statuses := [...]int{200, 301, 400, 404, 500}
	all := make([]httpValues, n)
	for i := range all {
		all[i] = httpValues{methods[i%len(methods)], statuses[i%len(statuses)], "/api/v1/items/" + strconv.Itoa(i)}
	}
	return all
}

// attributes makes the attributes anew, as instrumented code does for each measurement.
func (v *httpValues) attributes() [3]attribute.KeyValue {
	return [...]attribute.KeyValue{
		attribute.String("http.request.method", v.method),
		attribute.Int("http.response.status_code", v.status),
		attribute.String("http.route", v.route),
	}
}

// The ways of passing attributes to a measurement.
const (
	readySet         = "ready"  // WithAttributeSet, in options that are made once
	madeAttributes   = "made"   // WithAttributes, made for each measurement
	unsafeAttributes = "unsafe" // WithUnsafeAttributes, made for each measurement
	noAttributes     = "none"
)

// adding returns a function that adds to a counter n times. It has one loop for each way of passing attributes
// rather than one loop that calls a function, because the call would be a noticeable part of the measured work.
func adding(ctx context.Context, m api.Meter, attributes string, values []httpValues) func(n, goroutine int) {
	c := must(m.Int64Counter("http.server.requests", api.WithUnit("{request}")))
	ready := make([][]api.AddOption, len(values))
	for i := range values {
		kvs := values[i].attributes()
		ready[i] = []api.AddOption{api.WithAttributeSet(attribute.NewSet(kvs[:]...))}
	}
	return func(n, goroutine int) {
		switch attributes {
		case readySet:
			for i := range n {
				c.Add(ctx, 1, ready[(i+3*goroutine)%len(ready)]...)
			}
		case madeAttributes:
			for i := range n {
				kvs := values[(i+3*goroutine)%len(values)].attributes()
				c.Add(ctx, 1, api.WithAttributes(kvs[:]...))
			}
		case unsafeAttributes:
			for i := range n {
				kvs := values[(i+3*goroutine)%len(values)].attributes()
				c.Add(ctx, 1, x.WithUnsafeAttributes(kvs[:]...))
			}
		default:
			for range n {
				c.Add(ctx, 1)
			}
		}
	}
}

// recording is like [adding], but records with a histogram.
func recording(ctx context.Context, m api.Meter, attributes string, values []httpValues) func(n, goroutine int) {
	h := must(m.Float64Histogram("http.server.request.duration", api.WithUnit("s"),
		api.WithExplicitBucketBoundaries(prometheus.DefBuckets...)))
	ready := make([][]api.RecordOption, len(values))
	for i := range values {
		kvs := values[i].attributes()
		ready[i] = []api.RecordOption{api.WithAttributeSet(attribute.NewSet(kvs[:]...))}
	}
	return func(n, goroutine int) {
		switch attributes {
		case readySet:
			for i := range n {
				h.Record(ctx, 0.03, ready[(i+3*goroutine)%len(ready)]...)
			}
		case madeAttributes:
			for i := range n {
				kvs := values[(i+3*goroutine)%len(values)].attributes()
				h.Record(ctx, 0.03, api.WithAttributes(kvs[:]...))
			}
		case unsafeAttributes:
			for i := range n {
				kvs := values[(i+3*goroutine)%len(values)].attributes()
				h.Record(ctx, 0.03, x.WithUnsafeAttributes(kvs[:]...))
			}
		default:
			for range n {
				h.Record(ctx, 0.03)
			}
		}
	}
}

// sampledSpan returns a context with a sampled span.
func sampledSpan() context.Context {
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
	}))
}

// BenchmarkOtelAdd measures adding to a counter through OpenTelemetry's API.
func BenchmarkOtelAdd(b *testing.B) { eachMeasurement(b, adding) }

// BenchmarkOtelRecord measures recording with a histogram through OpenTelemetry's API.
func BenchmarkOtelRecord(b *testing.B) { eachMeasurement(b, recording) }

// eachMeasurement measures each way of passing attributes, without and with a sampled span. The parameter
// series is the number of series that the measurements go to in turn.
func eachMeasurement(b *testing.B, measuring func(context.Context, api.Meter, string, []httpValues) func(n, goroutine int)) {
	b.Helper()
	for _, c := range []struct {
		attributes string
		series     int
		span       string
		ctx        context.Context
	}{
		{noAttributes, 1, "no", context.Background()},
		{readySet, 1, "no", context.Background()},
		{readySet, 10, "no", context.Background()},
		{readySet, 10, "sampled", sampledSpan()},
		{madeAttributes, 10, "no", context.Background()},
		{madeAttributes, 10, "sampled", sampledSpan()},
		{unsafeAttributes, 10, "no", context.Background()},
	} {
		b.Run(fmt.Sprintf("attributes=%s/series=%d/span=%s", c.attributes, c.series, c.span), func(b *testing.B) {
			entrants := make([]entrant, len(meterPeers))
			for i, p := range meterPeers {
				entrants[i] = entrant{p.peer, func() func(int, int) {
					m, _ := p.make()
					return measuring(c.ctx, m, c.attributes, httpSeries(c.series))
				}}
			}
			hot(b, entrants...)
		})
	}
}

// httpKinds make series with the attribute values of requests, for each kind of series.
var httpKinds = []struct {
	kind string
	fill func(m api.Meter, values []httpValues)
}{
	{counters, func(m api.Meter, values []httpValues) {
		c := must(m.Int64Counter("http.server.requests", api.WithUnit("{request}")))
		for i := range values {
			kvs := values[i].attributes()
			c.Add(context.Background(), int64(17*i+3), api.WithAttributes(kvs[:]...))
		}
	}},
	{histograms, func(m api.Meter, values []httpValues) {
		h := must(m.Float64Histogram("http.server.request.duration", api.WithUnit("s"),
			api.WithExplicitBucketBoundaries(prometheus.DefBuckets...)))
		for i := range values {
			kvs := values[i].attributes()
			for _, d := range observed(i) {
				h.Record(context.Background(), d, api.WithAttributes(kvs[:]...))
			}
		}
	}},
}

// BenchmarkOtelScrape measures scrapes of series that were recorded through OpenTelemetry's API.
func BenchmarkOtelScrape(b *testing.B) {
	for _, k := range httpKinds {
		n := 100_000
		if k.kind == histograms {
			n = 10_000
		}
		values := httpSeries(n)
		for _, ask := range []request{text, openMetrics, protobuf} {
			b.Run(fmt.Sprintf("kind=%s/series=%d/format=%s", k.kind, n, ask.format), func(b *testing.B) {
				for _, p := range meterPeers {
					b.Run("peer="+p.peer, func(b *testing.B) {
						b.ReportAllocs()
						m, e := p.make()
						k.fill(m, values)
						e.scrape(ask) // Do not measure one-time work.
						runtime.GC()
						for b.Loop() {
							e.scrape(ask)
						}
						perSeries(b, n)
					})
				}
			})
		}
	}
}

// BenchmarkOtelHeap measures how much memory each of 100,000 series with 3 attributes takes. The strings of
// the attribute values exist anyway and do not count.
func BenchmarkOtelHeap(b *testing.B) {
	const n = 100_000
	values := httpSeries(n)
	for _, k := range httpKinds {
		b.Run("kind="+k.kind, func(b *testing.B) {
			for _, p := range meterPeers {
				b.Run("peer="+p.peer, func(b *testing.B) {
					for b.Loop() {
						before := heap()
						m, e := p.make()
						k.fill(m, values)
						after := heap()
						runtime.KeepAlive(m)
						runtime.KeepAlive(e)
						b.ReportMetric(float64(after-before)/n, "B/series")
					}
				})
			}
		})
	}
	runtime.KeepAlive(values)
}
