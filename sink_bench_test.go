package metric_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/luxfi/metric"
)

// sinkStream is a stream collector that is a function.
type sinkStream struct {
	desc    *metric.Desc
	collect func(ctx context.Context, sink *metric.Sink) error
}

func (s sinkStream) Describe(ch chan<- *metric.Desc) { ch <- s.desc }
func (s sinkStream) Collect(ch chan<- metric.Metric) {
	metric.CollectStream(context.Background(), s, ch)
}
func (s sinkStream) CollectTo(ctx context.Context, sink *metric.Sink) error {
	return s.collect(ctx, sink)
}

// unread is a response that nobody reads.
type unread struct{ header http.Header }

func (n unread) Header() http.Header         { return n.header }
func (n unread) Write(p []byte) (int, error) { return io.Discard.Write(p) }
func (n unread) WriteHeader(int)             {}

// BenchmarkSink scrapes a stream collector of many samples.
func BenchmarkSink(b *testing.B) {
	const samples = 10_000
	desc := metric.NewDesc("streamed", "Of a benchmark.", []string{"n"}, nil)
	reg := metric.NewContextRegistry()
	reg.MustRegister(sinkStream{desc, func(_ context.Context, sink *metric.Sink) error {
		for i := range samples {
			if err := sink.Gauge(desc, float64(i), "a value"); err != nil {
				return err
			}
		}
		return nil
	}})
	handler := metric.HandlerFor(reg)
	for b.Loop() {
		handler.ServeHTTP(unread{make(http.Header)}, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/samples, "ns/sample")
}
