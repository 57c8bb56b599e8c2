package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// receiver receives metrics by OpenTelemetry's protocol. It decodes them with the library that the
// OpenTelemetry Collector and Prometheus use, and refuses the same requests.
type receiver struct {
	*httptest.Server

	mu   sync.Mutex
	last pmetric.ResourceMetrics
	got  int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		export := pmetricotlp.NewExportRequest()
		if err == nil {
			err = export.UnmarshalProto(body)
		}
		if err != nil {
			t.Errorf("the receiver refuses the request: %v", err)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, m := range export.Metrics().ResourceMetrics().All() {
			r.last, r.got = m, r.got+1
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// metrics returns the metrics in the last request by name, the scope of each metric, and the resource.
func (r *receiver) metrics() (metrics map[string]pmetric.Metric, scopes map[string]string, res pcommon.Map) {
	r.mu.Lock()
	defer r.mu.Unlock()
	metrics, scopes = make(map[string]pmetric.Metric), make(map[string]string)
	if r.got == 0 {
		return metrics, scopes, pcommon.NewMap()
	}
	for _, s := range r.last.ScopeMetrics().All() {
		for _, m := range s.Metrics().All() {
			metrics[m.Name()], scopes[m.Name()] = m, s.Scope().Name()
		}
	}
	return metrics, scopes, r.last.Resource().Attributes()
}

// work records the measurements that the tests compare.
func work(ctx context.Context, t *testing.T, provider api.MeterProvider) {
	t.Helper()
	meter := provider.Meter("example.com/work", api.WithInstrumentationVersion("2"))
	jobs, err := meter.Int64Counter("jobs", api.WithUnit("{job}"), api.WithDescription("Jobs."))
	if err != nil {
		t.Fatal(err)
	}
	queue, err := meter.Int64UpDownCounter("queue.length")
	if err != nil {
		t.Fatal(err)
	}
	load, err := meter.Float64Gauge("load", api.WithUnit("1"))
	if err != nil {
		t.Fatal(err)
	}
	duration, err := meter.Float64Histogram("job.duration", api.WithUnit("s"), api.WithExplicitBucketBoundaries(0.1, 1))
	if err != nil {
		t.Fatal(err)
	}
	size, err := meter.Int64Histogram("job.size", api.WithUnit("By"))
	if err != nil {
		t.Fatal(err)
	}
	attributes := api.WithAttributes(attribute.String("job.kind", "mail"), attribute.Bool("urgent", true), attribute.Int("retries", 3))
	jobs.Add(ctx, 2, attributes)
	jobs.Add(ctx, 3, attributes)
	queue.Add(ctx, 7)
	queue.Add(ctx, -3)
	load.Record(ctx, 0.75)
	for _, v := range []float64{0.05, 0.5, 0.6, 5} {
		duration.Record(ctx, v, attributes)
	}
	for _, v := range []int64{0, 100, 1000, 1000} {
		size.Record(ctx, v)
	}
}

// exponential is a view that turns the sizes into an exponential histogram.
var exponential = sdk.NewView(sdk.Instrument{Name: "job.size"},
	sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 3}})

var worker = resource.NewSchemaless(attribute.String("service.name", "worker"))

// sampled returns a context with the span of a sampled trace.
func sampled(t *testing.T) (context.Context, trace.SpanContext) {
	t.Helper()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()))
	ctx, span := provider.Tracer("test").Start(t.Context(), "work")
	t.Cleanup(func() {
		span.End()
		if err := provider.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return ctx, span.SpanContext()
}

// pushed returns a receiver with the metrics that work records through otelmetric, after two pushes.
func pushed(t *testing.T, options ...otelmetric.Option) (*receiver, trace.SpanContext) {
	t.Helper()
	watchFailures(t)
	all := &telemetry{registry: metric.NewContextRegistry(), resource: worker}
	all.meters = otelmetric.NewMeterProvider(all.registry, append(options,
		otelmetric.WithResource(worker), otelmetric.WithView(exponential))...)
	ctx, span := sampled(t)
	work(ctx, t, all.meters)
	r := newReceiver(t)
	pushing, err := startPushing(t.Context(), all, r.URL, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(pushing.ForceFlush(t.Context()), pushing.Shutdown(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := all.meters.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	return r, span
}

// native returns a receiver with the metrics that work records through OpenTelemetry's SDK.
func native(t *testing.T) *receiver {
	t.Helper()
	r := newReceiver(t)
	exporter, err := otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpointURL(r.URL))
	if err != nil {
		t.Fatal(err)
	}
	provider := sdk.NewMeterProvider(sdk.WithReader(sdk.NewPeriodicReader(exporter)), sdk.WithResource(worker), sdk.WithView(exponential))
	ctx, _ := sampled(t)
	work(ctx, t, provider)
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	return r
}

// TestPush compares the received metrics with the recorded measurements.
func TestPush(t *testing.T) {
	before := time.Now().Add(-time.Millisecond)
	r, span := pushed(t)
	if r.got != 2 {
		t.Fatalf("the receiver got %d requests", r.got)
	}
	metrics, _, res := r.metrics()
	if name, _ := res.Get("service.name"); name.AsString() != "worker" || len(metrics) != 5 {
		t.Errorf("the resource is %v, and there are %d metrics, without target_info", res.AsRaw(), len(metrics))
	}

	for name, kind := range map[string]pmetric.MetricType{
		"jobs_total": pmetric.MetricTypeSum, "queue_length": pmetric.MetricTypeGauge, "load_ratio": pmetric.MetricTypeGauge,
		"job_duration_seconds": pmetric.MetricTypeHistogram, "job_size_bytes": pmetric.MetricTypeExponentialHistogram,
	} {
		if m, ok := metrics[name]; !ok || m.Type() != kind {
			t.Fatalf("%s is not a %s, of %v", name, kind, metrics)
		}
	}

	jobs := metrics["jobs_total"].Sum()
	if !jobs.IsMonotonic() || jobs.AggregationTemporality() != pmetric.AggregationTemporalityCumulative || jobs.DataPoints().Len() != 1 {
		t.Fatalf("the counter is %v", metrics["jobs_total"])
	}
	p := jobs.DataPoints().At(0)
	if p.DoubleValue() != 5 {
		t.Errorf("the counter has %v, want 5", p.DoubleValue())
	}
	if start := p.StartTimestamp().AsTime(); start.Before(before) || start.After(p.Timestamp().AsTime()) {
		t.Errorf("the counter starts at %v, want after %v and before %v", start, before, p.Timestamp().AsTime())
	}
	testExemplar(t, p.Exemplars(), span)

	if v := metrics["queue_length"].Gauge().DataPoints().At(0).DoubleValue(); v != 4 {
		t.Errorf("the up-down counter has %v, want 4", v)
	}
	if v := metrics["load_ratio"].Gauge().DataPoints().At(0).DoubleValue(); v != 0.75 {
		t.Errorf("the gauge has %v, want 0.75", v)
	}

	duration := metrics["job_duration_seconds"].Histogram()
	h := duration.DataPoints().At(0)
	if duration.AggregationTemporality() != pmetric.AggregationTemporalityCumulative || h.Count() != 4 || h.Sum() != 6.15 {
		t.Errorf("the histogram has %d values of %v, %v", h.Count(), h.Sum(), duration.AggregationTemporality())
	}
	testExemplar(t, h.Exemplars(), span)

	size := metrics["job_size_bytes"].ExponentialHistogram()
	e := size.DataPoints().At(0)
	if size.AggregationTemporality() != pmetric.AggregationTemporalityCumulative || e.Count() != 4 || e.Sum() != 2100 || e.ZeroCount() != 1 {
		t.Errorf("the exponential histogram has %d values of %v, %d of them zero", e.Count(), e.Sum(), e.ZeroCount())
	}
	if e.StartTimestamp().AsTime().Before(before) {
		t.Errorf("the exponential histogram starts at %v", e.StartTimestamp().AsTime())
	}
}

// testExemplar checks that there are exemplars and that they refer to the span.
func testExemplar(t *testing.T, exemplars pmetric.ExemplarSlice, span trace.SpanContext) {
	t.Helper()
	if exemplars.Len() == 0 {
		t.Error("there is no exemplar")
	}
	for _, e := range exemplars.All() {
		if e.TraceID() != pcommon.TraceID(span.TraceID()) || e.SpanID() != pcommon.SpanID(span.SpanID()) {
			t.Errorf("an exemplar is of the span %v %v, want %v %v", e.TraceID(), e.SpanID(), span.TraceID(), span.SpanID())
		}
	}
}

// TestNative checks how the metrics differ from those that the SDK pushes. The page docs/otel.md lists the
// differences.
func TestNative(t *testing.T) {
	r, _ := pushed(t)
	ours, scopes, _ := r.metrics()
	theirs, theirScopes, _ := native(t).metrics()

	t.Run("names and units", func(t *testing.T) {
		for name, native := range map[string]string{
			"jobs_total": "jobs", "queue_length": "queue.length", "load_ratio": "load",
			"job_duration_seconds": "job.duration", "job_size_bytes": "job.size",
		} {
			our, their := ours[name], theirs[native]
			if our.Description() != their.Description() || our.Unit() != "" {
				t.Errorf("%s has the description %q and the unit %q", name, our.Description(), our.Unit())
			}
		}
	})
	t.Run("scopes", func(t *testing.T) {
		scope, _ := ours["jobs_total"].Sum().DataPoints().At(0).Attributes().Get("otel_scope_name")
		if scope.AsString() != theirScopes["jobs"] || scopes["jobs_total"] != "go.opentelemetry.io/contrib/bridges/prometheus" {
			t.Errorf("the attribute is %q, the scope %q, the SDK's %q", scope.AsString(), scopes["jobs_total"], theirScopes["jobs"])
		}
	})
	t.Run("attributes", func(t *testing.T) {
		our := ours["jobs_total"].Sum().DataPoints().At(0).Attributes()
		their := theirs["jobs"].Sum().DataPoints().At(0).Attributes()
		for name, key := range map[string]string{"job_kind": "job.kind", "urgent": "urgent", "retries": "retries"} {
			a, _ := our.Get(name)
			b, _ := their.Get(key)
			if a.Type() != pcommon.ValueTypeStr || a.AsString() == "" || a.AsString() != b.AsString() {
				t.Errorf("%s is %s %v, the SDK's %s %v", name, a.Type(), a.AsString(), b.Type(), b.AsString())
			}
		}
	})
	t.Run("types", func(t *testing.T) {
		if ours["queue_length"].Type() != pmetric.MetricTypeGauge || theirs["queue.length"].Type() != pmetric.MetricTypeSum {
			t.Errorf("an up-down counter is a %s, the SDK's a %s", ours["queue_length"].Type(), theirs["queue.length"].Type())
		}
		point := theirs["jobs"].Sum().DataPoints().At(0)
		if point.ValueType() != pmetric.NumberDataPointValueTypeInt {
			t.Errorf("the SDK's counter has a %s", point.ValueType())
		}
	})
	t.Run("buckets", func(t *testing.T) {
		our := ours["job_duration_seconds"].Histogram().DataPoints().At(0)
		their := theirs["job.duration"].Histogram().DataPoints().At(0)
		if !our.ExplicitBounds().Equal(their.ExplicitBounds()) || !our.BucketCounts().Equal(their.BucketCounts()) {
			t.Errorf("got %v in %v, the SDK %v in %v", our.BucketCounts().AsRaw(), our.ExplicitBounds().AsRaw(),
				their.BucketCounts().AsRaw(), their.ExplicitBounds().AsRaw())
		}
		if our.HasMin() || !their.HasMin() {
			t.Error("the minimum is expected of the SDK only")
		}
	})
	t.Run("exponential buckets", func(t *testing.T) {
		our := ours["job_size_bytes"].ExponentialHistogram().DataPoints().At(0)
		their := theirs["job.size"].ExponentialHistogram().DataPoints().At(0)
		if our.Scale() != their.Scale() || our.Positive().Offset() != their.Positive().Offset() ||
			!our.Positive().BucketCounts().Equal(their.Positive().BucketCounts()) {
			t.Errorf("got scale %d, offset %d, %v, the SDK %d, %d, %v", our.Scale(), our.Positive().Offset(),
				our.Positive().BucketCounts().AsRaw(), their.Scale(), their.Positive().Offset(), their.Positive().BucketCounts().AsRaw())
		}
		if our.Exemplars().Len() != 0 || their.Exemplars().Len() == 0 {
			t.Error("exemplars are expected of the SDK only")
		}
	})
}

// TestPushUntranslated pushes metrics under the untranslated names of their instruments.
func TestPushUntranslated(t *testing.T) {
	r, _ := pushed(t, otelmetric.WithTranslationStrategy(otlptranslator.NoTranslation), otelmetric.WithoutScopeInfo())
	metrics, _, _ := r.metrics()
	for _, name := range []string{"jobs", "queue.length", "load", "job.duration", "job.size"} {
		if _, ok := metrics[name]; !ok {
			t.Fatalf("there is no %s", name)
		}
	}
	got := metrics["jobs"].Sum().DataPoints().At(0).Attributes().AsRaw()
	if len(got) != 3 || got["job.kind"] != "mail" || got["urgent"] != "true" || got["retries"] != "3" {
		t.Errorf("the attributes are %v", got)
	}
}

// TestPushOfHalf pushes while one collector fails.
func TestPushOfHalf(t *testing.T) {
	reports := watchFailures(t)
	registry := metric.NewContextRegistry()
	type key struct{}
	var seen any
	desc := metric.NewDesc("broken", "Never seen.", nil, nil)
	registry.MustRegisterWith(metric.NewCollectorFunc(
		func(ch chan<- *metric.Desc) { ch <- desc },
		func(ctx context.Context, ch chan<- metric.Metric) {
			seen = ctx.Value(key{})
			ch <- metric.NewInvalidMetric(desc, io.ErrUnexpectedEOF)
		}), metric.WithName("broken"))
	provider := otelmetric.NewMeterProvider(registry)
	ctx := context.WithValue(t.Context(), key{}, "push")
	work(ctx, t, provider)
	reader := sdk.NewManualReader(sdk.WithProducer(producer{registry}))
	pushing := sdk.NewMeterProvider(sdk.WithReader(reader))
	var all metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &all); err != nil {
		t.Error(err)
	}
	if len(all.ScopeMetrics) != 1 || len(all.ScopeMetrics[0].Metrics) != 5 || seen != "push" {
		t.Errorf("got %v; the collector got %v by its context", all.ScopeMetrics, seen)
	}
	if err := reports.take(); err == nil {
		t.Error("the failure has not been reported")
	}
	if err := pushing.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRun checks that the program sells, serves its metrics and pushes them.
func TestRun(t *testing.T) {
	reports := watchFailures(t)
	r := newReceiver(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, "127.0.0.1:0", 6, r.URL, 20*time.Millisecond) }()
	sold := func() (sum float64) {
		metrics, _, _ := r.metrics()
		m, ok := metrics["shop_orders_total"]
		if !ok {
			return 0
		}
		for _, p := range m.Sum().DataPoints().All() {
			sum += p.DoubleValue()
		}
		return sum
	}
	eventually(t, "six orders", func() bool { return sold() == 6 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	reports.drop(context.Canceled) // The final push cancels a push in flight.
}
