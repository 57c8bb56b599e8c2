package dropin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	clientauto "github.com/prometheus/client_golang/prometheus/promauto"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	metrics "github.com/luxfi/metric"
)

// The tests in this file are what docs/migration.md recommends for libraries that go on
// using client_golang.

// TestLibraryWithRegistry is about libraries that take client_golang's registry, and
// register with it later on.
func TestLibraryWithRegistry(t *testing.T) {
	for _, early := range []bool{true, false} {
		theirs, ours := prometheus.NewRegistry(), metrics.NewRegistry()
		ours.MustRegister(metrics.NewCounter(metrics.CounterOpts{Name: "ours_total"}))
		library := func() {
			theirs.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "theirs_total"}),
				prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "theirs"}, func() float64 { return 1 }))
		}
		if early {
			library()
		}
		ours.MustRegister(theirs)
		if !early {
			library()
		}
		wantLines(t, ourText(t, ours), "ours_total 0", "theirs_total 0", "theirs 1")
	}
}

// TestLibraryWithVectors is about libraries that take client_golang's vectors.
func TestLibraryWithVectors(t *testing.T) {
	r := metrics.NewRegistry()
	requests := metrics.NewCounterVec(metrics.CounterOpts{Name: "requests_total"}, []string{"code", "method"})
	seconds := metrics.NewHistogramVec(metrics.HistogramOpts{Name: "seconds", Buckets: []float64{1e6}}, []string{"code"})
	r.MustRegister(requests, seconds)
	h := clienthttp.InstrumentHandlerCounter(metrics.BridgeCounterVec(requests),
		clienthttp.InstrumentHandlerDuration(seconds, http.NotFoundHandler()))
	for range 3 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	}
	deletable := clientauto.With(r).NewGaugeVec(metrics.GaugeOpts{Name: "deletable"}, []string{"a"})
	deletable.WithLabelValues("x").Set(1)
	deletable.WithLabelValues("y").Set(2)
	deletable.DeleteLabelValues("x")

	wantLines(t, ourText(t, r), `requests_total{code="404",method="get"} 3`, `seconds_count{code="404"} 3`, `deletable{a="y"} 2`)
	if v := testutil.ToFloat64(metrics.BridgeCounterVec(requests).WithLabelValues("404", "get")); v != 3 {
		t.Errorf("got %v", v)
	}
}

// TestLibraryWithInstruments is about libraries that take instruments by their
// interfaces.
func TestLibraryWithInstruments(t *testing.T) {
	library := func(c prometheus.Counter, g prometheus.Gauge, o prometheus.ObserverVec) {
		c.Inc()
		g.Set(2)
		o.WithLabelValues("x").Observe(3)
		prometheus.NewTimer(o.WithLabelValues("x")).ObserveDuration()
	}
	r := metrics.NewRegistry()
	c, g := metrics.NewCounter(metrics.CounterOpts{Name: "c_total"}), metrics.NewGauge(metrics.GaugeOpts{Name: "g"})
	s := metrics.NewSummaryVec(metrics.SummaryOpts{Name: "s"}, []string{"a"})
	r.MustRegister(c, g, s)
	library(c, g, s)
	wantLines(t, ourText(t, r), "c_total 1", "g 2", `s_count{a="x"} 2`)
}
