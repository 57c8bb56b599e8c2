package bench_test

import (
	"context"
	"runtime"
	"testing"

	victoriametrics "github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	otelmetric "go.opentelemetry.io/otel/metric"

	"github.com/luxfi/metric"
)

// creators make one series for each of the given label values, and return the vector or set
// that holds them.
var creators = map[string][]struct {
	peer   string
	create func(values [][]string) any
}{
	counters: {
		{ours, func(values [][]string) any {
			vec := metric.NewCounterVec(counterOpts, labelNames[:3])
			for _, v := range values {
				vec.WithLabelValues(v...).Inc()
			}
			return vec
		}},
		{golang, func(values [][]string) any {
			vec := prometheus.NewCounterVec(counterOpts, labelNames[:3])
			for _, v := range values {
				vec.WithLabelValues(v...).Inc()
			}
			return vec
		}},
		{victoria, func(values [][]string) any {
			set := victoriametrics.NewSet()
			for _, v := range values {
				set.GetOrCreateCounter(seriesName(counterOpts.Name, v)).Inc()
			}
			return set
		}},
		{otel, func(values [][]string) any {
			m := newMeter()
			c := must(m.meter.Int64Counter("c"))
			for _, v := range values {
				c.Add(context.Background(), 1, otelmetric.WithAttributes(keyValues(v)...))
			}
			return m
		}},
	},
	histograms: {
		{ours, func(values [][]string) any {
			vec := metric.NewHistogramVec(histogramOpts, labelNames[:3])
			for _, v := range values {
				vec.WithLabelValues(v...).Observe(0.2)
			}
			return vec
		}},
		{golang, func(values [][]string) any {
			vec := prometheus.NewHistogramVec(histogramOpts, labelNames[:3])
			for _, v := range values {
				vec.WithLabelValues(v...).Observe(0.2)
			}
			return vec
		}},
		{victoria, func(values [][]string) any {
			set := victoriametrics.NewSet()
			for _, v := range values {
				set.GetOrCreatePrometheusHistogramExt(seriesName(histogramOpts.Name, v), prometheus.DefBuckets).Update(0.2)
			}
			return set
		}},
		{otel, func(values [][]string) any {
			m := newMeter()
			h := must(m.meter.Float64Histogram("h", otelmetric.WithExplicitBucketBoundaries(prometheus.DefBuckets...)))
			for _, v := range values {
				h.Record(context.Background(), 0.2, otelmetric.WithAttributes(keyValues(v)...))
			}
			return m
		}},
	},
}

// BenchmarkCreate measures the creation of 10,000 series with 3 labels.
func BenchmarkCreate(b *testing.B) {
	const n = 10_000
	values := labelValues(n, 3)
	eachCreator(b, func(b *testing.B, create func([][]string) any) {
		b.ReportAllocs()
		for b.Loop() {
			create(values)
		}
		perSeries(b, n)
	})
}

// BenchmarkHeap measures how much memory each of 100,000 series with 3 labels takes. The strings
// of the label values exist anyway and do not count.
func BenchmarkHeap(b *testing.B) {
	const n = 100_000
	values := labelValues(n, 3)
	eachCreator(b, func(b *testing.B, create func([][]string) any) {
		for b.Loop() {
			before := heap()
			series := create(values)
			after := heap()
			runtime.KeepAlive(series)
			b.ReportMetric(float64(after-before)/n, "B/series")
		}
		runtime.KeepAlive(values)
	})
}

func eachCreator(b *testing.B, measure func(b *testing.B, create func([][]string) any)) {
	b.Helper()
	for _, kind := range []string{counters, histograms} {
		b.Run("kind="+kind, func(b *testing.B) {
			for _, c := range creators[kind] {
				b.Run("peer="+c.peer, func(b *testing.B) { measure(b, c.create) })
			}
		})
	}
}

// heap returns the number of bytes in use on the heap.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
