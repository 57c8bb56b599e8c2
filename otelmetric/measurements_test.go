package otelmetric_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric/otelmetric"
)

// measuring makes an instrument called x and returns a function that measures with it.
type measuring func(m api.Meter) func(context.Context, float64)

var (
	floatCounter measuring = func(m api.Meter) func(context.Context, float64) {
		c := must(m.Float64Counter("x"))
		return func(ctx context.Context, v float64) { c.Add(ctx, v) }
	}
	intCounter measuring = func(m api.Meter) func(context.Context, float64) {
		c := must(m.Int64Counter("x"))
		return func(ctx context.Context, v float64) { c.Add(ctx, int64(v)) }
	}
	upDown measuring = func(m api.Meter) func(context.Context, float64) {
		c := must(m.Float64UpDownCounter("x"))
		return func(ctx context.Context, v float64) { c.Add(ctx, v) }
	}
	gauge measuring = func(m api.Meter) func(context.Context, float64) {
		g := must(m.Float64Gauge("x"))
		return func(ctx context.Context, v float64) { g.Record(ctx, v) }
	}
	observer measuring = func(m api.Meter) func(context.Context, float64) {
		h := must(m.Float64Histogram("x"))
		return func(ctx context.Context, v float64) { h.Record(ctx, v) }
	}
)

// TestMeasurementsLeftOut checks the measurements that instruments refuse. They must not change the series,
// and are reported at most once a minute.
func TestMeasurementsLeftOut(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	const finite, positive = "it must be finite", "it must be finite and not negative"
	for _, test := range []struct {
		name        string
		aggregation sdk.Aggregation
		make        measuring
		refuse      []float64
		want        string // sample after a measurement of 1
		allowed     string
	}{
		{"float counter", nil, floatCounter, []float64{nan, inf, -inf, -1, -1e-300}, "x_total 1", positive},
		{"int counter", nil, intCounter, []float64{-1, math.MinInt64}, "x_total 1", positive},
		{"up-down counter", nil, upDown, []float64{nan, inf, -inf}, "x 1", finite},
		{"histogram", explicit(5), observer, []float64{nan, inf, -inf}, `x_bucket{le="5"} 1;x_bucket{le="+Inf"} 1;x_sum 1;x_count 1`, finite},
		{"exponential histogram", sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}, observer,
			[]float64{nan, inf, -inf}, `x_bucket{le="+Inf"} 1;x_sum 1;x_count 1`, finite},
		{"histogram as a sum", sdk.AggregationSum{}, observer, []float64{nan, inf, -inf, -1}, "x_total 1", positive},
		{"counter as a histogram", explicit(5), floatCounter, []float64{nan, inf}, `x_bucket{le="5"} 1;x_bucket{le="+Inf"} 1;x_sum 1;x_count 1`, finite},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newScraped(otelmetric.WithView(viewOf("*", sdk.Stream{Aggregation: test.aggregation})))
				measure := test.make(r.Meter(""))
				measure(t.Context(), 1)
				for _, v := range test.refuse {
					measure(t.Context(), v)
				}
				r.wantSamples(t, strings.Split(test.want, ";")...)
				name, _, _ := strings.Cut(test.want, " ")
				name, _, _ = strings.Cut(name, "_bucket")
				report := func(v float64) string {
					return fmt.Sprintf(`metric %q: the measurement %v is left out: %s`, name, v, test.allowed)
				}
				r.wantReports(t, report(test.refuse[0]))
				time.Sleep(time.Minute)
				measure(t.Context(), test.refuse[1])
				measure(t.Context(), test.refuse[0])
				r.wantReports(t, report(test.refuse[0]), report(test.refuse[1]))
			})
		})
	}
}

// TestMeasurementsOfRefusedSeries checks that a refused measurement creates no series.
func TestMeasurementsOfRefusedSeries(t *testing.T) {
	for name, instrument := range map[string]measuring{"counter": floatCounter, "up-down counter": upDown, "histogram": observer} {
		t.Run(name, func(t *testing.T) {
			r := newScraped()
			instrument(r.Meter(""))(t.Context(), math.NaN())
			r.wantSamples(t)
		})
	}
}

// TestGaugesKeepEverything checks that gauges accept every number.
func TestGaugesKeepEverything(t *testing.T) {
	r := newScraped()
	record := gauge(r.Meter(""))
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, math.MaxFloat64} {
		record(t.Context(), v)
		r.wantSamples(t, "x "+fmt.Sprint(v))
	}
	r.wantReports(t)
}

// TestStartTimestamps checks that counters and histograms have the start timestamps of their series.
func TestStartTimestamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newScraped(otelmetric.WithView(viewOf("native", sdk.Stream{
			Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 8},
		})))
		m := r.Meter("")
		time.Sleep(time.Hour)
		began := time.Now()
		for range 2 {
			counter(m, "c").Add(t.Context(), 1)
			histogram(m, "h").Record(t.Context(), 1)
			histogram(m, "native").Record(t.Context(), 1)
			must(m.Int64UpDownCounter("u")).Add(t.Context(), 1)
			time.Sleep(time.Hour)
		}
		for name, created := range map[string]time.Time{
			"c_total": r.family(t, "c_total").GetMetric()[0].GetCounter().GetCreatedTimestamp().AsTime(),
			"h":       native(r.family(t, "h")).GetCreatedTimestamp().AsTime(),
			"native":  native(r.family(t, "native")).GetCreatedTimestamp().AsTime(),
		} {
			if !created.Equal(began) {
				t.Errorf("%s began at %v, want %v", name, created, began)
			}
		}
		page := r.page(t, openMetricsFormat)
		for _, name := range []string{"c", "h", "native"} {
			if line := fmt.Sprintf("\n%s_created %v\n", name, float64(began.Unix())); !strings.Contains(page, line) {
				t.Errorf("want the line %q in\n%s", line, page)
			}
		}
		if strings.Contains(page, "u_created") {
			t.Errorf("a gauge has a start timestamp:\n%s", page)
		}
	})
}
