package main

import (
	"context"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/otelmetric"
)

// page is a program that consists of the snippets in docs/otel.md.
type page struct {
	mux      *http.ServeMux
	registry *metric.ContextRegistry
	provider *otelmetric.MeterProvider
}

// start contains the snippets at the beginning of the page.
func (p *page) start(ctx context.Context) error {
	mux := http.NewServeMux()
	p.mux = mux

	registry := metric.NewContextRegistry()
	provider := otelmetric.NewMeterProvider(registry)
	otel.SetMeterProvider(provider)
	mux.Handle("GET /metrics", metric.HandlerFor(registry))

	meter := otel.Meter("example.com/shop")
	orders, err := meter.Int64Counter("orders", api.WithUnit("{order}"))
	if err != nil {
		return err
	}
	orders.Add(ctx, 1, api.WithAttributes(attribute.String("goods.kind", "fruit")))

	p.registry, p.provider = registry, provider

	fruit := api.WithAttributeSet(attribute.NewSet(attribute.String("goods.kind", "fruit")))
	orders.Add(ctx, 1, fruit)
	return nil
}

// configure contains the snippet with the provider's options.
func (p *page) configure() {
	registry := metric.NewContextRegistry()
	provider := otelmetric.NewMeterProvider(registry,
		otelmetric.WithView(
			sdk.NewView(sdk.Instrument{Name: "http.server.request.duration"},
				sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 8}}),
			sdk.NewView(sdk.Instrument{Name: "orders"},
				sdk.Stream{AttributeFilter: attribute.NewDenyKeysFilter("customer")}),
			sdk.NewView(sdk.Instrument{Name: "*.body.size"}, sdk.Stream{Aggregation: sdk.AggregationDrop{}}),
		),
		otelmetric.WithCardinalityLimit(10_000),
		otelmetric.WithInstrumentLimit(sdk.Instrument{Name: "rpc.*"}, 500),
		otelmetric.WithCollectorOptions(sdk.Instrument{Scope: instrumentation.Scope{Name: "example.com/database"}},
			metric.WithTimeout(time.Second), metric.WithCache(time.Minute)),
	)
	p.registry, p.provider = registry, provider
}

// observe contains the snippet with a callback.
func (p *page) observe(query func(context.Context) (int64, error)) error {
	meter := p.provider.Meter("example.com/database")

	_, err := meter.Int64ObservableGauge("users", api.WithInt64Callback(
		func(ctx context.Context, o api.Int64Observer) error {
			n, err := query(ctx) // under the deadline of the scrape
			if err != nil {
				return err
			}
			o.Observe(n)
			return nil
		}))
	return err
}

// stop contains the snippet that ends a program.
func (p *page) stop(ctx context.Context) {
	provider := p.provider
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := provider.Shutdown(ctx); err != nil {
		log.Print(err)
	}
}

// exposition returns the body that a handler serves.
func exposition(h http.Handler) string {
	response := httptest.NewRecorder()
	h.ServeHTTP(response, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	return response.Body.String()
}

// TestPage runs the snippets of docs/otel.md. It checks that the page shows this code and its real output.
func TestPage(t *testing.T) {
	watchFailures(t)
	p := new(page)
	if err := p.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	outputs := exposition(p.mux)
	p.stop(t.Context())
	p.configure()
	deadline := false
	if err := p.observe(func(ctx context.Context) (int64, error) {
		_, deadline = ctx.Deadline()
		return 42, nil
	}); err != nil {
		t.Fatal(err)
	}
	if body := exposition(metric.HandlerFor(p.registry)); !strings.Contains(body, `users{otel_scope_name="example.com/database"} 42`) || !deadline {
		t.Errorf("the callback had a deadline: %t; the exposition is\n%s", deadline, body)
	}
	p.stop(t.Context())

	indentation := regexp.MustCompile(`(?m)^\s+`)
	var code strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		code.WriteString(indentation.ReplaceAllString(read(t, file), ""))
	}
	places := map[string]string{"go": code.String(), "text": outputs}
	blocks := regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?\n)```$").FindAllStringSubmatch(read(t, "../../docs/otel.md"), -1)
	seen := 0
	for _, block := range blocks {
		place, ok := places[block[1]]
		if !ok {
			continue // a command
		}
		seen++
		if !strings.Contains("\n"+place, "\n"+indentation.ReplaceAllString(block[2], "")) {
			t.Errorf("nothing here has this:\n%s", block[2])
		}
	}
	if seen < 7 {
		t.Errorf("the page has %d snippets", seen)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
