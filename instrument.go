package metric

import (
	"net/http"

	"github.com/luxfi/metric/internal/middleware"
)

// InstrumentMetricHandler returns h with two metrics, which it registers with reg: the counter
// promhttp_metric_handler_requests_total by status code, and the gauge
// promhttp_metric_handler_requests_in_flight. Several handlers may share them. It panics if they
// cannot be registered.
func InstrumentMetricHandler(reg Registerer, h http.Handler) http.Handler {
	return middleware.InstrumentMetricHandler(reg, h)
}
