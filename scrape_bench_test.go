package metric_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/luxfi/metric"
)

// BenchmarkScrape measures scrapes of a vector. The allocated bytes and the allocations of a scrape
// do not depend on the number of series.
func BenchmarkScrape(b *testing.B) {
	for _, series := range []int{1000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			registry := metric.NewRegistry()
			requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"path", "code"})
			registry.MustRegister(requests)
			for i := range series {
				requests.WithLabelValues("/items/"+strconv.Itoa(i), "200").Add(float64(i))
			}
			for _, format := range []string{"text/plain", "application/openmetrics-text"} {
				b.Run("format="+format, func(b *testing.B) {
					handler := metric.HandlerFor(registry)
					request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", http.NoBody)
					if err != nil {
						b.Fatal(err)
					}
					request.Header.Set("Accept", format)
					b.ReportAllocs()
					handler.ServeHTTP(&discarding{}, request) // One-time allocations are not measured.
					var response discarding
					for b.Loop() {
						response = discarding{}
						handler.ServeHTTP(&response, request)
					}
					b.ReportMetric(float64(response.bytes), "body-B")
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(series), "ns/series")
				})
			}
		})
	}
}

// BenchmarkWrapped measures scrapes of a vector, both directly and through gatherers that add a
// prefix and a label.
func BenchmarkWrapped(b *testing.B) {
	const series = 1_000_000
	registry := metric.NewRegistry()
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"path", "code"})
	registry.MustRegister(requests)
	for i := range series {
		requests.WithLabelValues("/items/"+strconv.Itoa(i), "200").Add(float64(i))
	}
	prefixed, labeled := metric.NewPrefixGatherer(), metric.NewLabelGatherer("instance")
	if err := prefixed.Register("app", registry); err != nil {
		b.Fatal(err)
	}
	if err := labeled.Register("host-1:9100", prefixed); err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		g    metric.Gatherer
	}{{"plain", registry}, {"prefix", prefixed}, {"prefix+label", labeled}} {
		b.Run(bench.name, func(b *testing.B) {
			handler := metric.HandlerFor(bench.g)
			request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", http.NoBody)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			handler.ServeHTTP(&discarding{}, request)
			for b.Loop() {
				handler.ServeHTTP(&discarding{}, request)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
		})
	}
}
