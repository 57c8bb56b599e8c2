package remote_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/remote"
)

// inProcess returns a transport that always responds with the same page, without a connection. Its number
// of allocations does not depend on the page.
func inProcess(contentType string, body string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {contentType}}, ContentLength: -1,
			Body: io.NopCloser(strings.NewReader(body)), Request: r,
		}, nil
	})
}

// unread is an http.ResponseWriter that discards the response.
type unread struct{ header http.Header }

func (w *unread) Header() http.Header         { return w.header }
func (w *unread) Write(p []byte) (int, error) { return len(p), nil }
func (w *unread) WriteHeader(int)             {}

// TestNoAllocationPerSeries checks that the number of allocations for serving the metrics of targets does
// not depend on the number of series.
func TestNoAllocationPerSeries(t *testing.T) {
	if raceEnabled {
		t.Skip("with the race detector, a sync.Pool drops some of its values")
	}
	pages := map[string]func(series int) (contentType, body string){
		"text":     func(series int) (string, string) { return "text/plain; version=0.0.4", gauges(series) },
		"protobuf": protobufPage,
	}
	for name, page := range pages {
		for _, accept := range []string{"text/plain", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"} {
			t.Run(name+" to "+accept[:9], func(t *testing.T) {
				allocations := func(series int) float64 {
					contentType, body := page(series)
					target := newTarget(t, "http://origin/metrics", remote.Opts{Client: &http.Client{Transport: inProcess(contentType, body)}})
					reg := metric.NewContextRegistry()
					reg.MustRegister(target)
					h := metric.HandlerFor(reg)
					r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
					r.Header.Set("Accept", accept)
					scrape := func() { h.ServeHTTP(&unread{make(http.Header)}, r) }
					for range 5 {
						scrape()
					}
					return testing.AllocsPerRun(20, scrape)
				}
				few, many := allocations(1_000), allocations(10_000)
				t.Logf("%g allocations for 1,000 series, %g for 10,000", few, many)
				if many > few+50 {
					t.Errorf("%g allocations for 1,000 series, %g for 10,000", few, many)
				}
			})
		}
	}
}

// protobufPage returns a page with the given number of gauges in the protobuf format.
func protobufPage(series int) (contentType, body string) {
	reg := metric.NewContextRegistry()
	reg.MustRegister(newNowhereWith(inProcess("text/plain", gauges(series))))
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("Accept", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited")
	metric.HandlerFor(reg).ServeHTTP(rec, r)
	return rec.Header().Get("Content-Type"), rec.Body.String()
}
