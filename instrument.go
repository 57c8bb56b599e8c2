package metric

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/middleware"
)

// The metrics about handlers are client_golang's instruments. Its own handlers share
// metrics of these names, too, if they find them in a registry, and panic if they are
// of another type.

// InstrumentMetricHandler returns h with two metrics, which it registers with reg:
// promhttp_metric_handler_requests_total by status code, and
// promhttp_metric_handler_requests_in_flight. Several handlers may share them. It
// panics if they cannot be registered.
func InstrumentMetricHandler(reg Registerer, h http.Handler) http.Handler {
	requests := registerOrShare(reg, prometheus.NewCounterVec(CounterOpts{
		Name: "promhttp_metric_handler_requests_total",
		Help: "Total number of scrapes by HTTP status code.",
	}, []string{"code"}))
	for _, code := range []string{"200", "500", "503"} {
		requests.WithLabelValues(code)
	}
	inFlight := registerOrShare(reg, prometheus.NewGauge(GaugeOpts{
		Name: "promhttp_metric_handler_requests_in_flight",
		Help: "Current number of scrapes being served.",
	}))
	serve := func(w http.ResponseWriter, r *http.Request) {
		inFlight.Inc()
		defer inFlight.Dec()
		h.ServeHTTP(w, r)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, w := middleware.Wrap(w, nil)
		serve(w, r)
		requests.WithLabelValues(middleware.Code(sent.Status())).Inc()
	})
}
