package dropin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	clientauto "github.com/prometheus/client_golang/prometheus/promauto"
	clienthttp "github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/luxfi/metric"
)

// The tests in this file check what docs/migration.md recommends for libraries that keep using
// client_golang.

// TestLibraryWithRegistry checks a library that takes client_golang's registry and registers collectors
// later.
func TestLibraryWithRegistry(t *testing.T) {
	for _, early := range []bool{true, false} {
		theirs, ours := prometheus.NewRegistry(), metric.NewRegistry()
		ours.MustRegister(metric.NewCounter(metric.CounterOpts{Name: "ours_total"}))
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

// TestLibraryWithVectors checks a library that takes client_golang's vectors.
func TestLibraryWithVectors(t *testing.T) {
	r := metric.NewRegistry()
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, []string{"code", "method"})
	seconds := metric.NewHistogramVec(metric.HistogramOpts{Name: "seconds", Buckets: []float64{1e6}}, []string{"code"})
	r.MustRegister(requests, seconds)
	h := clienthttp.InstrumentHandlerCounter(metric.BridgeCounterVec(requests),
		clienthttp.InstrumentHandlerDuration(seconds, http.NotFoundHandler()))
	for range 3 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	}
	deletable := clientauto.With(r).NewGaugeVec(metric.GaugeOpts{Name: "deletable"}, []string{"a"})
	deletable.WithLabelValues("x").Set(1)
	deletable.WithLabelValues("y").Set(2)
	deletable.DeleteLabelValues("x")

	wantLines(t, ourText(t, r), `requests_total{code="404",method="get"} 3`, `seconds_count{code="404"} 3`, `deletable{a="y"} 2`)
	if v := testutil.ToFloat64(metric.BridgeCounterVec(requests).WithLabelValues("404", "get")); v != 3 {
		t.Errorf("got %v", v)
	}
}

// TestLibraryWithInstruments checks a library that takes instruments by their interfaces.
func TestLibraryWithInstruments(t *testing.T) {
	library := func(c prometheus.Counter, g prometheus.Gauge, o prometheus.ObserverVec) {
		c.Inc()
		g.Set(2)
		o.WithLabelValues("x").Observe(3)
		prometheus.NewTimer(o.WithLabelValues("x")).ObserveDuration()
	}
	r := metric.NewRegistry()
	c, g := metric.NewCounter(metric.CounterOpts{Name: "c_total"}), metric.NewGauge(metric.GaugeOpts{Name: "g"})
	s := metric.NewSummaryVec(metric.SummaryOpts{Name: "s"}, []string{"a"})
	r.MustRegister(c, g, s)
	library(c, g, s)
	wantLines(t, ourText(t, r), "c_total 1", "g 2", `s_count{a="x"} 2`)
}
