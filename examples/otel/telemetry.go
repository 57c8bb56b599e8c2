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

// telemetry holds the process's providers of metrics and traces. They are also the global providers, where
// OpenTelemetry's instrumentation libraries look for them.
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
	otel.SetTextMapPropagator(propagation.TraceContext{}) // This gives client and server one trace.

	return t, runtime.Start()
}

// views returns the changes that the shop makes to the streams of its instruments.
func views() []sdk.View {
	return []sdk.View{
		// There may be many customers, so they do not become labels. Exemplars name them.
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

// shutdown stops metrics and traces. The registry has no metrics of the provider afterwards.
func (t *telemetry) shutdown(ctx context.Context) error {
	return errors.Join(t.meters.Shutdown(ctx), t.traces.Shutdown(ctx))
}
