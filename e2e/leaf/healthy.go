package main

import (
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
)

// traceID is the trace ID of the exemplars.
const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// observations are the observations of each histogram and summary.
var observations = []float64{-2, 0, 0.05, 0.1, 0.3, 0.3, 1, 7, 100}

// newOrdinary returns a handler of this library.
func newOrdinary() http.Handler {
	registry := metric.NewContextRegistry()
	register(registry)
	return metric.HandlerFor(registry, metric.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
}

// newNative returns a handler with native histograms, with and without classic buckets, and UTF-8 names.
func newNative() http.Handler {
	registry := metric.NewContextRegistry()
	register(registry)
	native := metric.NewHistogram(metric.HistogramOpts{
		Name: "leaf_native_seconds", Help: "Native buckets.", Unit: "seconds", NativeHistogramBucketFactor: 1.1,
	})
	both := metric.NewHistogramVec(metric.HistogramOpts{
		Name: "leaf_both_seconds", Help: "Native and classic buckets.", Unit: "seconds",
		Buckets: []float64{0.1, 1, 10}, NativeHistogramBucketFactor: 1.5,
	}, []string{"route"})
	//metricvet:ignore Prometheus must be able to read such names.
	utf8 := metric.NewGaugeVec(metric.GaugeOpts{Name: "leaf.pièces/temperature", Help: "A name of all signs: ✓."}, []string{"röom.name"})
	utf8.WithLabelValues("Küche \"2\"\n").Set(21.5)
	registry.MustRegister(native, both, utf8)
	for _, v := range observations {
		observe(native, v)
		observe(both.WithLabelValues("/"), v)
	}
	return metric.HandlerFor(registry, metric.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
}

// newClientGolang returns a handler of client_golang with its instruments.
func newClientGolang() http.Handler {
	registry := prometheus.NewRegistry()
	register(registry)
	native := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "leaf_native_seconds", Help: "Native buckets.", Unit: "seconds", NativeHistogramBucketFactor: 1.1,
	})
	registry.MustRegister(native)
	for _, v := range observations {
		observe(native, v)
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true})
}

// register registers client_golang's instruments, which registries of both libraries accept.
func register(to prometheus.Registerer) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "leaf_requests_total", Help: "Requests."}, []string{"code", "middle"})
	temperature := prometheus.NewGauge(prometheus.GaugeOpts{Name: "leaf_temperature_celsius", Help: "Degrees.", Unit: "celsius"})
	classic := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "leaf_classic_seconds", Help: "Classic buckets.", Unit: "seconds", Buckets: []float64{0.1, 1, 10},
	})
	latency := prometheus.NewSummary(prometheus.SummaryOpts{Name: "leaf_latency_seconds", Help: "A summary.", Unit: "seconds"})
	to.MustRegister(requests, temperature, classic, latency)

	requests.WithLabelValues("200", "own").(prometheus.ExemplarAdder).AddWithExemplar(3, prometheus.Labels{"trace_id": traceID})
	requests.WithLabelValues("500", "own").Add(0.5)
	temperature.Set(-3.25)
	for _, v := range observations {
		observe(classic, v)
		latency.Observe(v)
	}
}

func observe(o prometheus.Observer, v float64) {
	o.(prometheus.ExemplarObserver).ObserveWithExemplar(v, prometheus.Labels{"trace_id": traceID})
}

// text is an exposition in version 0.0.4 of the text format.
const text = `# HELP leaf_requests_total Requests.
# TYPE leaf_requests_total counter
leaf_requests_total{code="200"} 7
leaf_requests_total{code="quote\" backslash\\ newline\n"} 1
# HELP leaf_text_size_bytes Sizes.
# TYPE leaf_text_size_bytes histogram
leaf_text_size_bytes_bucket{le="1"} 1
leaf_text_size_bytes_bucket{le="1000"} 3
leaf_text_size_bytes_bucket{le="+Inf"} 4
leaf_text_size_bytes_sum 4321
leaf_text_size_bytes_count 4
# TYPE leaf_text_limits gauge
leaf_text_limits{kind="inf"} +Inf
leaf_text_limits{kind="nan"} NaN
leaf_text_untyped 1.5e-9
# TYPE leaf_text_latency_seconds summary
leaf_text_latency_seconds{quantile="0.5"} 0.25
leaf_text_latency_seconds_sum 2.5
leaf_text_latency_seconds_count 10
`

// newText returns a handler that supports only the text format, without compression.
func newText() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = io.WriteString(w, text)
	})
}
