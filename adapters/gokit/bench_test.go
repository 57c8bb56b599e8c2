package gokit_test

import (
	"testing"

	peer "github.com/go-kit/kit/metrics/prometheus"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/adapters/gokit"
)

// both runs a benchmark with this package and with go-kit's package prometheus.
func both(b *testing.B, run func(*testing.B, instruments)) {
	b.Run("impl=ours", func(b *testing.B) {
		r := metric.NewRegistry()
		c, err := gokit.RegisterCounter(r, requestsOpts, requestsLabels)
		if err != nil {
			b.Fatal(err)
		}
		h, err := gokit.RegisterHistogram(r, latencyOpts, []string{"route"})
		if err != nil {
			b.Fatal(err)
		}
		run(b, instruments{requests: c, latency: h})
	})
	b.Run("impl=ours-vector", func(b *testing.B) { run(b, wrapped(nil, metric.NewRegistry())) })
	b.Run("impl=peer", func(b *testing.B) {
		run(b, instruments{
			requests: peer.NewCounter(prometheus.NewCounterVec(requestsOpts, requestsLabels)),
			latency:  peer.NewHistogram(prometheus.NewHistogramVec(latencyOpts, []string{"route"})),
		})
	})
}

func BenchmarkAdd(b *testing.B) {
	both(b, func(b *testing.B, i instruments) {
		c := i.requests.With("method", "GET", "code", "200", "shard", "1")
		b.ReportAllocs()
		for b.Loop() {
			c.Add(1)
		}
	})
}

func BenchmarkAddParallel(b *testing.B) {
	both(b, func(b *testing.B, i instruments) {
		c := i.requests.With("method", "GET", "code", "200", "shard", "1")
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				c.Add(1)
			}
		})
	})
}

func BenchmarkWithAdd(b *testing.B) {
	both(b, func(b *testing.B, i instruments) {
		b.ReportAllocs()
		for b.Loop() {
			i.requests.With("method", "GET", "code", "200", "shard", "1").Add(1)
		}
	})
}

func BenchmarkObserve(b *testing.B) {
	both(b, func(b *testing.B, i instruments) {
		h := i.latency.With("route", "/")
		b.ReportAllocs()
		for b.Loop() {
			h.Observe(0.25)
		}
	})
}
