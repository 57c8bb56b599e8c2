package main

import (
	"context"
	"errors"

	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// telemetry is what the process measures and traces with. Instrumentation finds it where
// OpenTelemetry's libraries look for it: in the global providers.
type telemetry struct {
	registry *metric.ContextRegistry
	resource *resource.Resource
	meters   *otelmetric.MeterProvider
	traces   *sdktrace.TracerProvider
}

// startTelemetry sets the global providers and measures the Go runtime. The options are for the
// tracer provider; a program would pass one with its exporter.
func startTelemetry(options ...sdktrace.TracerProviderOption) (*telemetry, error) {
	t := &telemetry{
		registry: metric.NewContextRegistry(),
		resource: resource.NewSchemaless(semconv.ServiceName("shop"), semconv.ServiceVersion("1.0")),
	}
	t.meters = otelmetric.NewMeterProvider(t.registry, otelmetric.WithResource(t.resource), otelmetric.WithView(views()...))
	otel.SetMeterProvider(t.meters)

	// Every trace is sampled, so that every series has an exemplar.
	t.traces = sdktrace.NewTracerProvider(append(options,
		sdktrace.WithSampler(sdktrace.AlwaysSample()), sdktrace.WithResource(t.resource))...)
	otel.SetTracerProvider(t.traces)
	otel.SetTextMapPropagator(propagation.TraceContext{}) // One trace for client and server.

	return t, runtime.Start()
}

// views returns what the shop wants otherwise than its instruments are made.
func views() []sdk.View {
	return []sdk.View{
		// Customers are many. They do not become labels, but exemplars name them.
		sdk.NewView(sdk.Instrument{Name: "shop.orders"},
			sdk.Stream{AttributeFilter: attribute.NewDenyKeysFilter(customerKey)}),
		sdk.NewView(sdk.Instrument{Name: "shop.order.pieces"},
			sdk.Stream{Aggregation: sdk.AggregationExplicitBucketHistogram{Boundaries: []float64{1, 2, 5, 10, 20}}}),
		// Prometheus reads an exponential histogram as a native one.
		sdk.NewView(sdk.Instrument{Name: "http.client.request.duration"},
			sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}}),
		sdk.NewView(sdk.Instrument{Name: "http.*.body.size"}, sdk.Stream{Aggregation: sdk.AggregationDrop{}}),
	}
}

// shutdown ends measuring and tracing. The registry has none of the metrics afterwards.
func (t *telemetry) shutdown(ctx context.Context) error {
	return errors.Join(t.meters.Shutdown(ctx), t.traces.Shutdown(ctx))
}
