// Package page has the snippets of docs/vet.md. Each line with a comment at its end is a mistake.
package page

import (
	"net/http"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promauto"
)

func ignored(r *http.Request) {
	requests := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total", Help: "Requests."}, []string{"path"})

	//metricvet:ignore The paths come from a fixed list.
	requests.WithLabelValues(r.URL.Path).Inc()
}

func labels() {
	opts := metric.CounterOpts{Name: "requests_total", Help: "Requests."}
	requests := metric.NewCounterVec(opts, []string{"method", "code"})

	requests.WithLabelValues("GET")                    // one value for two labels
	requests.With(metric.Labels{"method": "GET"})      // no code
	requests.MustCurryWith(metric.Labels{"path": "/"}) // no such label
}

func handle(w http.ResponseWriter, r *http.Request) {
	opts := metric.CounterOpts{Name: "requests_total", Help: "Requests."}
	promauto.NewCounter(opts).Inc() // panics at the second request
	w.WriteHeader(http.StatusNoContent)
}

func cardinality(w http.ResponseWriter, r *http.Request) {
	requests := newRequests()

	requests.WithLabelValues(r.URL.Path).Inc() // the path
	requests.WithLabelValues(r.Pattern).Inc()
}

func newRequests() *metric.CounterVec { return nil }

func names() {
	const help = "What the metric measures."

	metric.NewCounter(metric.CounterOpts{Name: "requests", Help: help})             // requests_total
	metric.NewGauge(metric.GaugeOpts{Name: "items_total", Help: help})              // only counters end in _total
	metric.NewHistogram(metric.HistogramOpts{Name: "wait_ms", Help: help})          // wait_seconds
	metric.NewHistogram(metric.HistogramOpts{Name: "request_duration", Help: help}) // request_duration_seconds
	metric.NewGauge(metric.GaugeOpts{Name: "queueItems", Help: help})               // queue_items
	metric.NewGauge(metric.GaugeOpts{Name: "queue_items"})                          // no help
}

func register(registry *metric.ContextRegistry, c metric.Collector) error {
	registry.Register(c) // the error is dropped
	_ = registry.Register(c)

	return registry.Register(c)
}

func values(start time.Time, elapsed time.Duration) {
	seconds := metric.NewHistogram(metric.HistogramOpts{Name: "request_duration_seconds", Help: "Time."})
	requests := metric.NewCounter(metric.CounterOpts{Name: "requests_total", Help: "Requests."})

	defer seconds.Observe(time.Since(start).Seconds()) // measured at once, not at the end
	defer metric.NewTimer(seconds)                     // starts at the end
	metric.NewTimer(seconds).ObserveDuration()         // stops at once
	seconds.Observe(float64(elapsed.Milliseconds()))   // milliseconds in a metric of seconds
	requests.Add(-1)                                   // panics: a counter cannot be decreased
}
