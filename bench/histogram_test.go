package bench_test

import (
	"context"
	"math"
	"testing"

	victoriametrics "github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	otelmetric "go.opentelemetry.io/otel/metric"

	"github.com/luxfi/metric"
)

// durations are the observed values: log-normal around 50 ms, so that they hit most of the
// default buckets, in an order that no branch predictor learns.
var durations = func() (d [4096]float64) {
	x := uint64(1)
	random := func() float64 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		return (float64(x>>11) + 0.5) / (1 << 53)
	}
	for i := range d {
		normal := math.Sqrt(-2*math.Log(random())) * math.Cos(2*math.Pi*random())
		d[i] = 0.05 * math.Exp(1.5*normal)
	}
	return d
}()

// observing returns a function that observes n durations.
func observing(o prometheus.Observer) func(n, goroutine int) {
	return func(n, goroutine int) {
		for i := range n {
			o.Observe(durations[(i+997*goroutine)%len(durations)])
		}
	}
}

// BenchmarkHistogramObserve measures observations in a histogram with 11 classic buckets.
func BenchmarkHistogramObserve(b *testing.B) {
	hot(b,
		entrant{ours, func() func(int, int) {
			return observing(metric.NewHistogram(metric.HistogramOpts{Name: "h", Buckets: metric.DefBuckets}))
		}},
		entrant{golang, func() func(int, int) {
			return observing(prometheus.NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: prometheus.DefBuckets}))
		}},
		entrant{victoria, func() func(int, int) {
			h := victoriametrics.NewSet().NewPrometheusHistogramExt("h", prometheus.DefBuckets)
			return func(n, goroutine int) {
				for i := range n {
					h.Update(durations[(i+997*goroutine)%len(durations)])
				}
			}
		}},
		entrant{victoriaRanges, func() func(int, int) {
			h := victoriametrics.NewSet().NewHistogram("h")
			return func(n, goroutine int) {
				for i := range n {
					h.Update(durations[(i+997*goroutine)%len(durations)])
				}
			}
		}},
		entrant{otel, func() func(int, int) {
			h := must(newMeter().meter.Float64Histogram("h", otelmetric.WithExplicitBucketBoundaries(prometheus.DefBuckets...)))
			set := otelmetric.WithAttributeSet(attributes(labelValues(1, 3)[0]))
			ctx := context.Background()
			return func(n, goroutine int) {
				for i := range n {
					h.Record(ctx, durations[(i+997*goroutine)%len(durations)], set)
				}
			}
		}},
	)
}

// BenchmarkNativeObserve measures observations in a native histogram whose buckets grow by a tenth.
func BenchmarkNativeObserve(b *testing.B) {
	opts := metric.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160}
	hot(b,
		entrant{ours, func() func(int, int) { return observing(metric.NewHistogram(opts)) }},
		entrant{golang, func() func(int, int) { return observing(prometheus.NewHistogram(opts)) }},
	)
}
