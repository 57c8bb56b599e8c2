package dropin_test

import (
	"context"
	"testing"

	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	metrics "github.com/luxfi/metric"
)

// TestOpenTelemetry registers OpenTelemetry's Prometheus exporter with registries of both libraries. Both
// must serve the same metrics, beside our own instruments.
func TestOpenTelemetry(t *testing.T) {
	var texts []string
	for _, keeper := range []string{"ours", "client_golang's"} {
		r := libraries[keeper].registry()
		reader, err := exporter.New(exporter.WithRegisterer(r))
		if err != nil {
			t.Fatal(err)
		}
		provider := sdk.NewMeterProvider(sdk.WithReader(reader))
		t.Cleanup(func() {
			if err := provider.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
		meter := provider.Meter("dropin")
		counter, err := meter.Int64Counter("orders", metric.WithUnit("{order}"), metric.WithDescription("Orders."))
		if err != nil {
			t.Fatal(err)
		}
		counter.Add(t.Context(), 3)
		histogram, err := meter.Float64Histogram("latency", metric.WithUnit("s"))
		if err != nil {
			t.Fatal(err)
		}
		histogram.Record(t.Context(), 0.2)
		gauge, err := meter.Float64ObservableGauge("temperature", metric.WithFloat64Callback(observe))
		if err != nil || gauge == nil {
			t.Fatal(err)
		}
		for _, c := range libraries["ours"].instruments() {
			r.MustRegister(c)
		}
		texts = append(texts, ourText(t, r))
		if other := theirText(t, r); other != texts[len(texts)-1] {
			t.Errorf("client_golang's handler serves\n%s\nours serves\n%s", other, texts[len(texts)-1])
		}
	}
	sameLines(t, texts[0], texts[1])
	wantLines(t, texts[0], `orders_total{otel_scope_name="dropin",otel_scope_schema_url="",otel_scope_version=""} 3`, `c_total{a="x"} 2`)
	wantLines(t, texts[0], `temperature{otel_scope_name="dropin",otel_scope_schema_url="",otel_scope_version=""} 20.5`)
}

// TestOpenTelemetryWrapped adds a prefix to the metrics of the exporter, which is registered with our
// default registry.
func TestOpenTelemetryWrapped(t *testing.T) {
	registerer := metrics.WrapRegistererWithPrefix("otel_", metrics.DefaultRegisterer)
	reader, err := exporter.New(exporter.WithRegisterer(registerer), exporter.WithoutScopeInfo())
	if err != nil {
		t.Fatal(err)
	}
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	counter, err := provider.Meter("dropin").Int64Counter("orders")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 3)
	wantLines(t, scraped(t, metrics.Handler()), "otel_orders_total 3")
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func observe(_ context.Context, o metric.Float64Observer) error {
	o.Observe(20.5)
	return nil
}
