package otelmetric_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// A request that is part of a sampled trace gives the histogram an exemplar with its trace.
func ExampleExemplar() {
	metric.SetExemplarFromContext(otelmetric.Exemplar)
	defer metric.SetExemplarFromContext(nil)
	duration := metric.NewHistogram(metric.HistogramOpts{Name: "request_duration_seconds", Help: "Duration.", Buckets: []float64{1}})
	registry := metric.NewContextRegistry()
	registry.MustRegister(duration)

	provider := sdktrace.NewTracerProvider()
	ctx, span := provider.Tracer("server").Start(context.Background(), "request")
	if observer, ok := duration.(metric.ContextObserver); ok { // All histograms of package metric implement it.
		observer.ObserveWithContext(ctx, 0.25)
	}
	span.End()

	request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	response := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(response, request)
	fmt.Println(strings.Contains(response.Body.String(), `trace_id="`+span.SpanContext().TraceID().String()+`"`))
	// Output: true
}

// Each scrape becomes a trace with a span for each collector.
func ExampleHooks() {
	exporter := tracetest.NewInMemoryExporter() // Programs use an exporter that sends spans to a tracing backend.
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	registry := metric.NewContextRegistry(metric.WithHooks(otelmetric.Hooks(provider)))
	users := metric.NewDesc("users", "Users.", nil, nil)
	collector := metric.NewCollectorFunc(
		func(ch chan<- *metric.Desc) { ch <- users },
		func(ctx context.Context, ch chan<- metric.Metric) {
			// A query under ctx would join the trace if its driver is instrumented.
			_, span := provider.Tracer("database").Start(ctx, "SELECT COUNT(*) FROM users")
			defer span.End()
			ch <- metric.MustNewConstMetric(users, metric.GaugeValue, 42)
		})
	if err := registry.RegisterWith(collector, metric.WithName("users")); err != nil {
		log.Fatal(err)
	}
	if _, err := registry.GatherWithContext(context.Background()); err != nil {
		log.Fatal(err)
	}
	for _, span := range exporter.GetSpans() { // The spans are in the order in which they ended.
		fmt.Println(span.Name)
	}
	// Output:
	// SELECT COUNT(*) FROM users
	// collect users
	// scrape
}
