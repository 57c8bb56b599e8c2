package exporter

import (
	"net/http"
	"strconv"

	"github.com/luxfi/metric"
)

// scrapeTimeoutHeader is the header in which Prometheus announces its timeout.
const scrapeTimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// metricsHandler returns the handler of the metrics page. The registry logs errors, so it must have a
// logger. The handler registers its own metrics with registerer, unless the flags exclude metrics about
// the exporter. Overlapping requests, such as those of two Prometheus servers, share the runs of
// collectors, so a backend is asked only once.
func (w *webFlags) metricsHandler(g metric.GathererWithContext, registerer metric.Registerer) http.Handler {
	opts := metric.HandlerOpts{
		EnableOpenMetrics:   true,
		CoalesceGather:      true,
		MaxRequestsInFlight: w.maxRequests,
		TimeoutOffset:       w.timeoutOffset.option(),
	}
	if !w.disableExporterMetrics {
		opts.Registry = registerer
	}
	return w.withDefaultTimeout(metric.HandlerForContext(g, opts))
}

// withDefaultTimeout adds the header, with --web.timeout, to requests that do not have it, such as
// requests of curl. HandlerOpts.Timeout would also limit clients that do send the header.
func (w *webFlags) withDefaultTimeout(h http.Handler) http.Handler {
	if w.timeout == 0 {
		return h
	}
	announced := strconv.FormatFloat(w.timeout.Seconds(), 'f', -1, 64)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		// An invalid header counts as a missing one.
		if s, err := strconv.ParseFloat(r.Header.Get(scrapeTimeoutHeader), 64); err != nil || !(s > 0 && s < 1e9) {
			changed := *r
			changed.Header = r.Header.Clone()
			if changed.Header == nil {
				changed.Header = http.Header{}
			}
			changed.Header.Set(scrapeTimeoutHeader, announced)
			r = &changed
		}
		h.ServeHTTP(rw, r)
	})
}
