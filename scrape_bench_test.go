package metric_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/luxfi/metric"
)

// BenchmarkScrape serves scrapes of a vector: the bytes and allocations of one do not
// depend on how many series there are.
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
					handler.ServeHTTP(&discarding{}, request) // What is made once is not measured.
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
