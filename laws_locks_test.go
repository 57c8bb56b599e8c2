package metric_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// stalledClient is a response writer that takes nothing until it is released.
type stalledClient struct {
	*httptest.ResponseRecorder

	release chan struct{}
	stalled atomic.Bool
}

func (c *stalledClient) Write(p []byte) (int, error) {
	c.stalled.Store(true)
	<-c.release
	return c.ResponseRecorder.Write(p)
}

// TestNoLockIsHeldForSlowClients checks that instruments, vectors, the registry, Status and other
// scrapes can be used while a client does not read its answer and a collector hangs.
func TestNoLockIsHeldForSlowClients(t *testing.T) {
	for _, accept := range []string{
		"text/plain", "application/openmetrics-text;version=1.0.0",
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	} {
		for _, stream := range []bool{false, true} { // The client stalls in one or the other.
			t.Run(fmt.Sprintf("%s, stream %v", accept, stream), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { useBesideSlowClient(t, accept, stream) })
			})
		}
	}
}

func useBesideSlowClient(t *testing.T, accept string, stream bool) {
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"), metric.WithConcurrency(5))
	vec := metric.NewCounterVec(metric.CounterOpts{Name: "vec_total", Help: "h"}, []string{"l"})
	histograms := metric.NewHistogramVec(metric.HistogramOpts{Name: "h", Help: "h", NativeHistogramBucketFactor: 1.1}, []string{"l"})
	summary := metric.NewSummary(metric.SummaryOpts{Name: "s", Help: "h", Objectives: map[float64]float64{0.5: 0.1}})
	for _, value := range numbered(5000) { // More than is buffered.
		vec.WithLabelValues(value).Inc()
		histograms.WithLabelValues(value).Observe(1)
	}
	stuck := metrictest.New("stuck", metrictest.Stuck())
	r.MustRegister(vec, histograms, summary, stuck)
	if stream {
		r.MustRegister(metrictest.New("stream", metrictest.Flooding(5000)).Stream())
	}
	registered := len(r.Status())

	h := metric.HandlerForContext(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, EnableOpenMetrics: true, Timeout: time.Second})
	client := &stalledClient{ResponseRecorder: httptest.NewRecorder(), release: make(chan struct{})}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	request.Header.Set("Accept", accept)
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(client, request)
	}()
	time.Sleep(2 * time.Second) // Its deadline has passed, and the collector is left behind.
	if !client.stalled.Load() {
		t.Fatal("nothing was written to the client")
	}
	start := time.Now()
	vec.WithLabelValues("new").Inc()
	vec.DeleteLabelValues("1")
	histograms.WithLabelValues("new").Observe(1)
	histograms.WithLabelValues("2").Observe(1)
	summary.Observe(1)
	extra := counterNamed("extra_total")
	r.MustRegister(extra)
	if len(r.Status()) != registered+1 {
		t.Errorf("the status has %d collectors", len(r.Status()))
	}
	families, _ := scrapeFor(t, r, time.Second)
	if series := seriesOfFamilies(families); series[`vec_total{l="new"}`] != 1 || len(families) < registered {
		t.Errorf("another scrape got %d families", len(families))
	}
	vec.Reset()
	r.Unregister(extra)
	if took := time.Since(start); took != 0 {
		t.Errorf("the slow client has kept others waiting for %v", took)
	}
	close(client.release)
	stuck.Release()
	<-done
	if client.Code != http.StatusOK || client.Body.Len() == 0 {
		t.Errorf("the slow client got status %d and %d bytes", client.Code, client.Body.Len())
	}
}
