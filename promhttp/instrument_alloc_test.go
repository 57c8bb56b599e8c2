//go:build !race

package promhttp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// fullWriter has the interfaces of the writers of net/http for HTTP/1.
type fullWriter struct {
	http.ResponseWriter
	http.Flusher
	http.Hijacker
}

// allocated returns the number of allocations for serving a request.
func allocated(h http.Handler, w http.ResponseWriter) float64 {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	return testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) })
}

// TestAllocations compares the allocations of the instrumentation with the allocations of client_golang's
// instrumentation.
func TestAllocations(t *testing.T) {
	nothing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	full := fullWriter{ResponseWriter: httptest.NewRecorder()}
	brew := promhttp.WithExtraMethods("BREW")
	tenant := promhttp.WithLabelFromRequest("tenant", func(*http.Request) string { return "acme" })
	for name, i := range instruments {
		for _, tc := range []struct {
			name   string
			labels []string
			opts   []promhttp.Option
		}{
			{"no labels", nil, nil},
			{"code", []string{"code"}, nil},
			{"both", []string{"method", "code"}, []promhttp.Option{brew}},
			{"label of the request", []string{"code", "tenant"}, []promhttp.Option{tenant}},
		} {
			t.Run(name+"/"+tc.name, func(t *testing.T) {
				for kind, w := range map[string]http.ResponseWriter{"full": full, "bare": struct{ http.ResponseWriter }{full}} {
					ours := allocated(i.ours(metric.NewRegistry(), tc.labels, nothing, tc.opts...), w)
					theirs := allocated(i.theirs(prometheus.NewRegistry(), tc.labels, nothing, tc.opts...), w)
					if ours > theirs {
						t.Errorf("%s: %v allocations, client_golang has %v", kind, ours, theirs)
					}
					t.Logf("%s: %v allocations, client_golang has %v", kind, ours, theirs)
				}
			})
		}
	}
	for name, i := range trippers {
		resp := &http.Response{StatusCode: http.StatusOK}
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		next := promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return resp, nil })
		ours := i.ours(metric.NewRegistry(), []string{"code", "method"}, next)
		if n := testing.AllocsPerRun(100, func() { _, _ = ours.RoundTrip(r) }); n > 0 { //nolint:bodyclose // There is no body.
			t.Errorf("RoundTripper with %s: %v allocations", name, n)
		}
	}
}
