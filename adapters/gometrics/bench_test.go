package gometrics_test

import (
	"fmt"
	"testing"

	metrics "github.com/hashicorp/go-metrics"
	peer "github.com/hashicorp/go-metrics/prometheus"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/adapters/gometrics"
)

// both runs a benchmark with this package and with the sink in go-metrics' package prometheus.
func both(b *testing.B, run func(*testing.B, metrics.MetricSink)) {
	b.Run("impl=ours", func(b *testing.B) {
		s, _ := newSink(b)
		run(b, s)
	})
	b.Run("impl=ours-histogram", func(b *testing.B) {
		s, _ := newSink(b, gometrics.WithHistogram(prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.1}))
		run(b, s)
	})
	b.Run("impl=peer", func(b *testing.B) {
		s, err := peer.NewPrometheusSinkFrom(peer.PrometheusOpts{Registerer: prometheus.NewRegistry()})
		if err != nil {
			b.Fatal(err)
		}
		run(b, s)
	})
}

var (
	benchKey    = key("consul", "rpc", "server", "call")
	benchLabels = labels("method", "Catalog.ListServices", "errored", "false", "leader", "true")
)

func BenchmarkCounter(b *testing.B) {
	both(b, func(b *testing.B, s metrics.MetricSink) {
		b.ReportAllocs()
		for b.Loop() {
			s.IncrCounter(benchKey, 1)
		}
	})
}

func BenchmarkCounterLabels(b *testing.B) {
	both(b, func(b *testing.B, s metrics.MetricSink) {
		b.ReportAllocs()
		for b.Loop() {
			s.IncrCounterWithLabels(benchKey, 1, benchLabels)
		}
	})
}

func BenchmarkGaugeLabelsParallel(b *testing.B) {
	both(b, func(b *testing.B, s metrics.MetricSink) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				s.SetGaugeWithLabels(benchKey, 1, benchLabels)
			}
		})
	})
}

func BenchmarkSampleLabels(b *testing.B) {
	both(b, func(b *testing.B, s metrics.MetricSink) {
		b.ReportAllocs()
		for b.Loop() {
			s.AddSampleWithLabels(benchKey, 1.5, benchLabels)
		}
	})
}

// BenchmarkNewSeries creates new series.
func BenchmarkNewSeries(b *testing.B) {
	both(b, func(b *testing.B, s metrics.MetricSink) {
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			s.SetGaugeWithLabels(benchKey, 1, labels("method", "Catalog.ListServices", "errored", "false", "id", fmt.Sprint(i)))
		}
	})
}
