package bench_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	clientpromhttp "github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// serverWriter is a response writer that discards the body. It has the same interfaces as the response writer
// of net/http for HTTP/1.
type serverWriter struct{ header http.Header }

func (w *serverWriter) Header() http.Header         { return w.header }
func (w *serverWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *serverWriter) WriteHeader(int)             {}
func (w *serverWriter) Flush()                      {}
func (w *serverWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, http.ErrNotSupported
}
func (w *serverWriter) ReadFrom(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

// BenchmarkMiddleware serves requests with an instrumented handler: requests, durations, both
// sizes and requests in flight, by method and code. Ours adds route, scheme, version and error.
func BenchmarkMiddleware(b *testing.B) {
	greeting := []byte("hello")
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(greeting)
	})
	for _, body := range []string{"", "some text"} {
		b.Run("body="+map[bool]string{true: "yes", false: "no"}[body != ""], func(b *testing.B) {
			serve := func(h http.Handler) func(int, int) {
				return func(n, _ int) {
					w := &serverWriter{http.Header{}}
					r := httptest.NewRequest(http.MethodPost, "/items/42", http.NoBody)
					r.Pattern = "POST /items/{id}"
					text := strings.NewReader(body)
					if body != "" {
						r.Body, r.ContentLength = io.NopCloser(text), int64(len(body))
					}
					for range n {
						text.Reset(body)
						h.ServeHTTP(w, r)
					}
				}
			}
			hot(b,
				entrant{"nothing", func() func(int, int) { return serve(hello) }},
				entrant{ours, func() func(int, int) { return serve(promhttp.InstrumentServer(metric.NewRegistry(), hello)) }},
				entrant{golang, func() func(int, int) { return serve(clientGolangChain(hello)) }},
			)
		})
	}
}

// clientGolangChain wraps next in client_golang's instrumentation.
func clientGolangChain(next http.Handler) http.Handler {
	labels := []string{"code", "method"}
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_requests_in_flight"})
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total"}, labels)
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_request_duration_seconds"}, labels)
	sizes := prometheus.ExponentialBuckets(256, 4, 10)
	requestSizes := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_request_size_bytes", Buckets: sizes}, labels)
	responseSizes := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_response_size_bytes", Buckets: sizes}, labels)
	prometheus.NewRegistry().MustRegister(inFlight, requests, durations, requestSizes, responseSizes)
	return clientpromhttp.InstrumentHandlerInFlight(inFlight, clientpromhttp.InstrumentHandlerCounter(requests,
		clientpromhttp.InstrumentHandlerDuration(durations, clientpromhttp.InstrumentHandlerRequestSize(requestSizes,
			clientpromhttp.InstrumentHandlerResponseSize(responseSizes, next)))))
}
