package exporter

import (
	"net/http"
	"strconv"

	metrics "github.com/luxfi/metric"
)

// scrapeTimeoutHeader is the header in which Prometheus announces its timeout.
const scrapeTimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// metricsHandler returns the handler of the metrics page. What goes wrong is logged by the registry,
// which must have a logger. Registerer gets the metrics of the handler, unless the flags
// exclude metrics of the exporter itself. Requests that overlap, such as those of two Prometheus
// servers, share the runs of collectors: a backend is asked once.
func (w *webFlags) metricsHandler(g metrics.GathererWithContext, registerer metrics.Registerer) http.Handler {
	opts := metrics.HandlerOpts{
		EnableOpenMetrics:   true,
		CoalesceGather:      true,
		MaxRequestsInFlight: w.maxRequests,
		TimeoutOffset:       w.timeoutOffset.option(),
	}
	if !w.disableExporterMetrics {
		opts.Registry = registerer
	}
	return w.withDefaultTimeout(metrics.HandlerForContext(g, opts))
}

// withDefaultTimeout announces --web.timeout on behalf of clients that announce none, such as curl.
// HandlerOpts.Timeout would cap those that do.
func (w *webFlags) withDefaultTimeout(h http.Handler) http.Handler {
	if w.timeout == 0 {
		return h
	}
	announced := strconv.FormatFloat(w.timeout.Seconds(), 'f', -1, 64)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		// One that is not valid announces nothing.
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
