package remotewrite

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/writebody"
)

type sizeWriter struct{ n, records int }

func (w *sizeWriter) Write(p []byte) (int, error) {
	w.n += len(p)
	w.records++
	return len(p), nil
}

func counters(n int) *metric.ContextRegistry {
	r := metric.NewContextRegistry()
	v := metric.NewCounterVec(metric.CounterOpts{Name: "http_requests_total", Help: "Requests."}, []string{"code", "method", "path"})
	r.MustRegister(v)
	for i := range n {
		v.WithLabelValues(strconv.Itoa(200+i%5), "GET", fmt.Sprintf("/path/%d", i)).Add(float64(i))
	}
	return r
}

// BenchmarkEncode encodes the requests for 100,000 counters.
func BenchmarkEncode(b *testing.B) {
	const n = 100_000
	core := scrape.RegistryOf(counters(n))
	var w sizeWriter
	b.ReportAllocs()
	for b.Loop() {
		w = sizeWriter{}
		rw := encode.RemoteWriter{TimestampMs: 1_700_000_000_000, MaxSamples: 10_000, MaxBytes: 1 << 20, Compress: writebody.Compress}
		if err := core.ExposeTo(context.Background(), &w, encode.Options{Format: encode.RemoteWrite, Linked: rw.Maker}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/series")
	b.ReportMetric(float64(w.n)/n, "B/series")
	b.ReportMetric(float64(w.records), "requests")
}
