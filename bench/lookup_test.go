package bench_test

import (
	"context"
	"fmt"
	"testing"

	victoriametrics "github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	otelmetric "go.opentelemetry.io/otel/metric"

	"github.com/luxfi/metric"
)

// BenchmarkLookup measures finding a counter by its label values and incrementing it. The
// parameter used is the number of children that are looked up in turn: 10 out of 100,000 stay
// in the processor's cache, all of them do not.
func BenchmarkLookup(b *testing.B) {
	for _, size := range []struct{ labels, children, used int }{
		{1, 10, 10}, {2, 10, 10}, {4, 10, 10}, {2, 100_000, 10}, {2, 100_000, 100_000},
	} {
		name := fmt.Sprintf("labels=%d/children=%d/used=%d", size.labels, size.children, size.used)
		b.Run(name, func(b *testing.B) { lookup(b, size.labels, size.children, size.used) })
	}
}

// lookup measures one combination of parameters. It has one loop for each peer rather than one
// loop that calls a function, because the call would cost as much as the measured work.
func lookup(b *testing.B, labels, children, used int) {
	b.Helper()
	values := labelValues(children, labels)
	hot(b,
		entrant{ours, func() func(int, int) {
			vec := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, labelNames[:labels])
			for _, v := range values {
				vec.WithLabelValues(v...)
			}
			return func(n, goroutine int) {
				for i := range n {
					v := values[(i+3*goroutine)%used]
					if len(v) == 2 {
						vec.WithLabelValues(v[0], v[1]).Inc()
					} else {
						vec.WithLabelValues(v...).Inc()
					}
				}
			}
		}},
		entrant{golang, func() func(int, int) {
			vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total"}, labelNames[:labels])
			for _, v := range values {
				vec.WithLabelValues(v...)
			}
			return func(n, goroutine int) {
				for i := range n {
					v := values[(i+3*goroutine)%used]
					if len(v) == 2 {
						vec.WithLabelValues(v[0], v[1]).Inc()
					} else {
						vec.WithLabelValues(v...).Inc()
					}
				}
			}
		}},
		entrant{victoria, func() func(int, int) {
			set := victoriametrics.NewSet()
			for _, v := range values {
				set.NewCounter(seriesName("c_total", v))
			}
			return func(n, goroutine int) {
				for i := range n {
					set.GetOrCreateCounter(seriesName("c_total", values[(i+3*goroutine)%used])).Inc()
				}
			}
		}},
		entrant{victoriaReady, func() func(int, int) {
			set := victoriametrics.NewSet()
			names := seriesNames("c_total", values)
			for _, name := range names {
				set.NewCounter(name)
			}
			return func(n, goroutine int) {
				for i := range n {
					set.GetOrCreateCounter(names[(i+3*goroutine)%used]).Inc()
				}
			}
		}},
		entrant{otel, func() func(int, int) {
			c := must(newMeter().meter.Int64Counter("c"))
			ctx := context.Background()
			for _, v := range values {
				c.Add(ctx, 1, otelmetric.WithAttributes(keyValues(v)...))
			}
			return func(n, goroutine int) {
				for i := range n {
					c.Add(ctx, 1, otelmetric.WithAttributes(keyValues(values[(i+3*goroutine)%used])...))
				}
			}
		}},
	)
}

// BenchmarkChurn measures a look-up that makes a new counter, and the deletion of the counter
// that was made 1,000 look-ups before.
func BenchmarkChurn(b *testing.B) {
	const alive = 1000
	values := labelValues(100_000, 2)
	b.Run("peer="+ours, func(b *testing.B) {
		b.ReportAllocs()
		vec := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, labelNames[:2])
		for i := 0; b.Loop(); i++ {
			v := values[i%len(values)]
			vec.WithLabelValues(v[0], v[1]).Inc()
			old := values[(i+len(values)-alive)%len(values)]
			vec.DeleteLabelValues(old[0], old[1])
		}
	})
	b.Run("peer="+golang, func(b *testing.B) {
		b.ReportAllocs()
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c_total"}, labelNames[:2])
		for i := 0; b.Loop(); i++ {
			v := values[i%len(values)]
			vec.WithLabelValues(v[0], v[1]).Inc()
			old := values[(i+len(values)-alive)%len(values)]
			vec.DeleteLabelValues(old[0], old[1])
		}
	})
}
