package otelmetric_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// The registry contains everything that is measured with OpenTelemetry's API.
func ExampleNewMeterProvider() {
	registry := metric.NewContextRegistry()
	provider := otelmetric.NewMeterProvider(registry,
		otelmetric.WithResource(resource.NewSchemaless(attribute.String("service.name", "shop"))))
	// Programs also call otel.SetMeterProvider(provider), for instrumentation libraries.

	meter := provider.Meter("example.com/shop")
	orders, err := meter.Int64Counter("orders", api.WithDescription("Orders."), api.WithUnit("{order}"))
	if err != nil {
		log.Fatal(err)
	}
	duration, err := meter.Float64Histogram("order.duration", api.WithDescription("Time an order takes."), api.WithUnit("s"),
		api.WithExplicitBucketBoundaries(0.1, 1))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background() // In a program, this is the context of the request.
	orders.Add(ctx, 2, api.WithAttributes(attribute.String("goods.kind", "fruit"), attribute.Bool("paid", true)))
	duration.Record(ctx, 0.25)

	response := httptest.NewRecorder()
	metric.HandlerFor(registry).ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	fmt.Print(response.Body)
	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// # HELP order_duration_seconds Time an order takes.
	// # TYPE order_duration_seconds histogram
	// order_duration_seconds_bucket{otel_scope_name="example.com/shop",le="0.1"} 0
	// order_duration_seconds_bucket{otel_scope_name="example.com/shop",le="1"} 1
	// order_duration_seconds_bucket{otel_scope_name="example.com/shop",le="+Inf"} 1
	// order_duration_seconds_sum{otel_scope_name="example.com/shop"} 0.25
	// order_duration_seconds_count{otel_scope_name="example.com/shop"} 1
	// # HELP orders_total Orders.
	// # TYPE orders_total counter
	// orders_total{goods_kind="fruit",otel_scope_name="example.com/shop",paid="true"} 2
	// # HELP target_info Target metadata
	// # TYPE target_info gauge
	// target_info{service_name="shop"} 1
}
