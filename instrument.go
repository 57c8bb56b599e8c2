package metric

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric/internal/counting"
)

// InstrumentMetricHandler returns h with two metrics, which it registers with reg:
// promhttp_metric_handler_requests_total by status code, and
// promhttp_metric_handler_requests_in_flight. Several handlers may share them. It
// panics if they cannot be registered.
func InstrumentMetricHandler(reg Registerer, h http.Handler) http.Handler {
	requests := registerOrShare(reg, NewCounterVec(CounterOpts{
		Name: "promhttp_metric_handler_requests_total",
		Help: "Total number of scrapes by HTTP status code.",
	}, []string{"code"}))
	for _, code := range []string{"200", "500", "503"} {
		requests.WithLabelValues(code)
	}
	inFlight := registerOrShare(reg, NewGauge(GaugeOpts{
		Name: "promhttp_metric_handler_requests_in_flight",
		Help: "Current number of scrapes being served.",
	}))
	return promhttp.InstrumentHandlerDuration(counting.Observers(requests), promhttp.InstrumentHandlerInFlight(inFlight, h))
}
