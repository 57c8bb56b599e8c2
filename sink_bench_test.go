package metric_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/luxfi/metric"
)

// BenchmarkSink scrapes a stream collector of many samples.
func BenchmarkSink(b *testing.B) {
	const samples = 10_000
	desc := metric.NewDesc("streamed", "Of a benchmark.", []string{"n"}, nil)
	reg := metric.NewContextRegistry()
	reg.MustRegister(streamWith(func(_ context.Context, sink *metric.Sink) error {
		for i := range samples {
			if err := sink.Gauge(desc, float64(i), "a value"); err != nil {
				return err
			}
		}
		return nil
	}, desc))
	handler := metric.HandlerFor(reg)
	for b.Loop() {
		handler.ServeHTTP(new(discarding), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/samples, "ns/sample")
}
