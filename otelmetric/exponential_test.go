package otelmetric_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	api "go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/luxfi/metric/otelmetric"
)

// exponential returns a view that turns all instruments into exponential histograms.
func exponential(maxSize, maxScale int32) sdk.View {
	return viewOf("*", sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: maxSize, MaxScale: maxScale}})
}

// native returns the only histogram of a family.
func native(f *dto.MetricFamily) *dto.Histogram { return f.GetMetric()[0].GetHistogram() }

// TestExponentialScales checks that each scale becomes the same schema of a native histogram, or the
// nearest supported one.
func TestExponentialScales(t *testing.T) {
	for scale := int32(-12); scale <= 20; scale++ {
		t.Run(fmt.Sprint(scale), func(t *testing.T) {
			r := newScraped(otelmetric.WithView(exponential(160, scale)))
			histogram(r.Meter(""), "h").Record(t.Context(), 3)
			h := native(r.family(t, "h"))
			if want := min(max(scale, -4), 8); h.GetSchema() != want || h.Schema == nil {
				t.Errorf("got the schema %d, want %d", h.GetSchema(), want)
			}
			if h.GetZeroThreshold() != 0 || h.ZeroThreshold == nil || len(h.GetBucket()) != 0 {
				t.Errorf("got the zero threshold %v and %d classic buckets, want none of both", h.ZeroThreshold, len(h.GetBucket()))
			}
			r.wantReports(t)
		})
	}
}

// TestExponentialHalvesOnly checks that a histogram with too many buckets lowers its resolution and forgets
// nothing: it is not reset, and small values do not become zero.
func TestExponentialHalvesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newScraped(otelmetric.WithView(exponential(10, 20)))
		h := histogram(r.Meter(""), "h")
		h.Record(t.Context(), 0)
		start := native(r.family(t, "h")).GetCreatedTimestamp().AsTime()
		last := int32(8)
		for i := range 100 {
			h.Record(t.Context(), math.Exp2(float64(i-50)/2))
			time.Sleep(24 * time.Hour)
			got := native(r.family(t, "h"))
			if got.GetSchema() > last || !got.GetCreatedTimestamp().AsTime().Equal(start) {
				t.Fatalf("schema %d created %v, want at most %d and %v", got.GetSchema(), got.GetCreatedTimestamp().AsTime(), last, start)
			}
			last = got.GetSchema()
			if got.GetZeroCount() != 1 || got.GetZeroThreshold() != 0 || got.GetSampleCount() != uint64(i+2) {
				t.Fatalf("got %v, want one zero among %d", got, i+2)
			}
		}
		if buckets := bucketsOf(native(r.family(t, "h"))); len(buckets) > 10 || last != -3 {
			t.Errorf("got %d buckets of schema %d, want at most 10 of schema -3", len(buckets), last)
		}
	})
}

// bucketsOf returns the counts of native buckets. The key of a bucket with index i is 2i + 1 for positive
// values, and 2i for negative values.
func bucketsOf(h *dto.Histogram) map[int]int64 {
	counts := make(map[int]int64)
	for sign, side := range []struct {
		spans  []*dto.BucketSpan
		deltas []int64
	}{{h.GetNegativeSpan(), h.GetNegativeDelta()}, {h.GetPositiveSpan(), h.GetPositiveDelta()}} {
		index, at, count := 0, 0, int64(0)
		for _, span := range side.spans {
			index += int(span.GetOffset())
			for range span.GetLength() {
				count += side.deltas[at]
				if count != 0 {
					counts[2*index+sign] = count
				}
				index++
				at++
			}
		}
	}
	return counts
}

// coarser returns counts by the indexes of a schema that is lower by the given number.
func coarser(counts map[int]int64, by int32) map[int]int64 {
	merged := make(map[int]int64)
	for key, count := range counts {
		index, sign := key>>1, key&1
		merged[2*((index-1)>>by+1)+sign] += count
	}
	return merged
}

// TestExponentialLikeSDK also records random values with OpenTelemetry's SDK and exporter, and compares the
// histograms.
func TestExponentialLikeSDK(t *testing.T) {
	for _, values := range []struct {
		name string
		// With fewer buckets, the exporter refuses the histogram, because it would be coarser than Prometheus
		// allows.
		smallest int32
		next     func(random *rand.Rand) float64
	}{
		{"uniform", 20, func(random *rand.Rand) float64 { return random.Float64() }},
		{"latencies", 20, func(random *rand.Rand) float64 { return math.Exp(random.NormFloat64() - 3) }},
		{"wide", 160, func(random *rand.Rand) float64 { return math.Exp2(random.NormFloat64() * 60) }},
		{"both signs", 20, func(random *rand.Rand) float64 { return random.NormFloat64() }},
		{"powers", 2, func(random *rand.Rand) float64 { return math.Exp2(float64(random.IntN(20) - 10)) }},
		{"with zeros", 2, func(random *rand.Rand) float64 { return float64(random.IntN(5)) }},
		{"one", 2, func(_ *rand.Rand) float64 { return 1 }},
	} {
		for _, size := range []int32{2, 20, 160} {
			if size < values.smallest {
				continue
			}
			for _, scale := range []int32{-4, 0, 3, 8, 20} {
				t.Run(fmt.Sprint(values.name, "/size ", size, "/scale ", scale), func(t *testing.T) {
					r := newScraped(otelmetric.WithView(exponential(size, scale)))
					registry := prometheus.NewRegistry()
					exporter := must(otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo()))
					theirs := sdk.NewMeterProvider(sdk.WithReader(exporter), sdk.WithView(exponential(size, scale)))
					defer theirs.Shutdown(t.Context()) //nolint:errcheck // The result does not depend on it.
					both := []api.Float64Histogram{histogram(r.Meter(""), "h"), histogram(theirs.Meter(""), "h")}
					random := rand.New(rand.NewPCG(1, 2))
					for range 2000 {
						v := values.next(random)
						for _, h := range both {
							h.Record(t.Context(), v)
						}
					}
					sameNative(t, native(r.family(t, "h")), native(familyOf(t, registry, "h")))
				})
			}
		}
	}
}

// sameNative compares two histograms of the same observations. They may have lowered their resolution at
// different times.
func sameNative(t *testing.T, got, want *dto.Histogram) {
	t.Helper()
	if got.GetSampleCount() != want.GetSampleCount() || got.GetZeroCount() != want.GetZeroCount() || got.GetZeroThreshold() != want.GetZeroThreshold() {
		t.Errorf("got %v, want %v", got, want)
	}
	if math.Abs(got.GetSampleSum()-want.GetSampleSum()) > 1e-9*math.Abs(want.GetSampleSum()) {
		t.Errorf("got the sum %v, want %v", got.GetSampleSum(), want.GetSampleSum())
	}
	schema := min(got.GetSchema(), want.GetSchema())
	ours, theirs := coarser(bucketsOf(got), got.GetSchema()-schema), coarser(bucketsOf(want), want.GetSchema()-schema)
	if !maps.Equal(ours, theirs) {
		t.Errorf("got the schema %d and at the schema %d the buckets\n%v, want %d and\n%v", got.GetSchema(), schema, ours, want.GetSchema(), theirs)
	}
}
