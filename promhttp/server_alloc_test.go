//go:build !race

package promhttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promhttp"
)

// TestServerAllocations checks that the instrumentation allocates only a writer and, for a request with a
// body, a copy of the request and of its body.
func TestServerAllocations(t *testing.T) {
	nothing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	var w http.ResponseWriter = fullWriter{ResponseWriter: httptest.NewRecorder()}
	for names := range 2 {
		h := newServerMetrics(t, metric.NewRegistry(), promhttp.ServerOpts{Names: promhttp.Names(names)}).Handler(nothing)
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Pattern = "GET example.com/items/{id}"
		if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n > 1 {
			t.Errorf("%v allocations, want 1", n)
		}
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("hello")), 5
		if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n > 3 {
			t.Errorf("%v allocations with a body, want 3", n)
		}
	}
}

// TestClientAllocations checks that the instrumentation allocates only the state of a request.
func TestClientAllocations(t *testing.T) {
	resp := &http.Response{StatusCode: http.StatusOK}
	c := promhttp.InstrumentClient(metric.NewRegistry(), promhttp.RoundTripperFunc(func(*http.Request) (*http.Response, error) { return resp, nil }))
	r := httptest.NewRequest(http.MethodGet, "http://example.com", http.NoBody)
	if n := testing.AllocsPerRun(100, func() { _, _ = c.RoundTrip(r) }); n > 1 { //nolint:bodyclose // The response has no body.
		t.Errorf("%v allocations, want 1", n)
	}
}
