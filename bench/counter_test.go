package bench_test

import (
	"context"
	"testing"

	victoriametrics "github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	otelmetric "go.opentelemetry.io/otel/metric"

	"github.com/luxfi/metric"
)

func BenchmarkCounterInc(b *testing.B) {
	hot(b,
		entrant{ours, func() func(int, int) {
			c := metric.NewCounter(metric.CounterOpts{Name: "c_total"})
			return func(n, _ int) {
				for range n {
					c.Inc()
				}
			}
		}},
		entrant{golang, func() func(int, int) {
			c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total"})
			return func(n, _ int) {
				for range n {
					c.Inc()
				}
			}
		}},
		entrant{victoria, func() func(int, int) {
			c := victoriametrics.NewSet().NewCounter("c_total")
			return func(n, _ int) {
				for range n {
					c.Inc()
				}
			}
		}},
		entrant{otel, func() func(int, int) {
			c := must(newMeter().meter.Int64Counter("c"))
			set := otelmetric.WithAttributeSet(attributes(labelValues(1, 3)[0]))
			ctx := context.Background()
			return func(n, _ int) {
				for range n {
					c.Add(ctx, 1, set)
				}
			}
		}},
	)
}

// BenchmarkCounterAdd measures adding a fraction to a counter.
func BenchmarkCounterAdd(b *testing.B) {
	hot(b,
		entrant{ours, func() func(int, int) {
			c := metric.NewCounter(metric.CounterOpts{Name: "c_total"})
			return func(n, _ int) {
				for range n {
					c.Add(1.5)
				}
			}
		}},
		entrant{golang, func() func(int, int) {
			c := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total"})
			return func(n, _ int) {
				for range n {
					c.Add(1.5)
				}
			}
		}},
		entrant{victoria, func() func(int, int) {
			c := victoriametrics.NewSet().NewFloatCounter("c_total")
			return func(n, _ int) {
				for range n {
					c.Add(1.5)
				}
			}
		}},
		entrant{otel, func() func(int, int) {
			c := must(newMeter().meter.Float64Counter("c"))
			set := otelmetric.WithAttributeSet(attributes(labelValues(1, 3)[0]))
			ctx := context.Background()
			return func(n, _ int) {
				for range n {
					c.Add(ctx, 1.5, set)
				}
			}
		}},
	)
}

func BenchmarkGaugeSet(b *testing.B) {
	hot(b,
		entrant{ours, func() func(int, int) {
			g := metric.NewGauge(metric.GaugeOpts{Name: "g"})
			return func(n, _ int) {
				for i := range n {
					g.Set(float64(i))
				}
			}
		}},
		entrant{golang, func() func(int, int) {
			g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"})
			return func(n, _ int) {
				for i := range n {
					g.Set(float64(i))
				}
			}
		}},
		entrant{victoria, func() func(int, int) {
			g := victoriametrics.NewSet().NewGauge("g", nil)
			return func(n, _ int) {
				for i := range n {
					g.Set(float64(i))
				}
			}
		}},
	)
}

func BenchmarkGaugeInc(b *testing.B) {
	hot(b,
		entrant{ours, func() func(int, int) {
			g := metric.NewGauge(metric.GaugeOpts{Name: "g"})
			return func(n, _ int) {
				for range n {
					g.Inc()
				}
			}
		}},
		entrant{golang, func() func(int, int) {
			g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"})
			return func(n, _ int) {
				for range n {
					g.Inc()
				}
			}
		}},
		entrant{victoria, func() func(int, int) {
			g := victoriametrics.NewSet().NewGauge("g", nil)
			return func(n, _ int) {
				for range n {
					g.Inc()
				}
			}
		}},
	)
}
