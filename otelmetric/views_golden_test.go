package otelmetric_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/luxfi/metric/otelmetric"
)

var update = flag.Bool("update", false, "write the golden files")

// TestViewsGolden compares the exposition of a program with many views with golden files.
func TestViewsGolden(t *testing.T) {
	for _, format := range []struct{ file, accept string }{{"views.txt", textFormat}, {"views.openmetrics", openMetricsFormat}} {
		t.Run(format.file, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := runShop(t).page(t, format.accept)
				path := filepath.Join("testdata", format.file)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				if want := string(must(os.ReadFile(path))); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}

// shopViews returns views of all kinds.
func shopViews() []sdk.View {
	shop := func(name string) sdk.Instrument { return sdk.Instrument{Name: name} }
	return []sdk.View{
		sdk.NewView(shop("internal.*"), sdk.Stream{Aggregation: sdk.AggregationDrop{}}),
		sdk.NewView(sdk.Instrument{Kind: sdk.InstrumentKindHistogram, Unit: "s"}, sdk.Stream{Aggregation: explicit(0.1, 1)}),
		sdk.NewView(shop("basket.size"), sdk.Stream{Aggregation: sdk.AggregationSum{}, Name: "basket.items", Description: "Items in baskets."}),
		sdk.NewView(shop("basket.size"), sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 20, MaxScale: 5}}),
		sdk.NewView(shop("sales"), sdk.Stream{AttributeFilter: attribute.NewDenyKeysFilter("customer")}),
		sdk.NewView(shop("stock"), sdk.Stream{Name: "stock.level", AttributeFilter: attribute.NewAllowKeysFilter("article")}),
		sdk.NewView(shop("stock"), sdk.Stream{Name: "stock.distribution", Aggregation: explicit(-1, 0, 10), AttributeFilter: attribute.NewAllowKeysFilter()}),
	}
}

// runShop runs a program. Some of its measurements are part of a trace.
func runShop(t *testing.T) *scraped {
	t.Helper()
	r := newScraped(otelmetric.WithView(shopViews()...), otelmetric.WithInstrumentLimit(sdk.Instrument{Name: "visits"}, 3))
	m, ctx, traced := r.Meter("shop"), t.Context(), inSpan(t.Context(), trace.FlagsSampled)
	sales := counter(m, "sales", api.WithDescription("Things sold."))
	visits := counter(m, "visits", api.WithDescription("Visits by page."))
	latency := histogram(m, "latency", api.WithUnit("s"), api.WithDescription("Duration of requests."))
	size := histogram(m, "basket.size", api.WithDescription("Sizes of baskets."))
	weight := histogram(m, "basket.weight", api.WithExplicitBucketBoundaries(1, 10), api.WithDescription("Weight of baskets."))
	stock := must(m.Int64UpDownCounter("stock", api.WithDescription("Articles in stock.")))
	temperature := must(m.Float64Gauge("temperature", api.WithDescription("Temperature of the cold store.")))
	counter(m, "internal.loops").Add(ctx, 1)
	for i := range 5 {
		time.Sleep(time.Second)
		with := ctx
		if i%2 == 1 {
			with = traced
		}
		customer, article := attribute.Int("customer", i), attribute.String("article", []string{"apple", "pear"}[i%2])
		sales.Add(with, int64(i+1), api.WithAttributes(customer, article))
		visits.Add(with, 1, api.WithAttributes(attribute.Int("page", i)))
		latency.Record(with, []float64{0.05, 0.5, 5}[i%3])
		size.Record(with, float64(i))
		weight.Record(with, float64(4*i), api.WithAttributes(article))
		stock.Add(with, int64(10-5*i), api.WithAttributes(customer, article))
		temperature.Record(with, -18.5+float64(i)/4)
	}
	r.wantReports(t)
	return r
}
