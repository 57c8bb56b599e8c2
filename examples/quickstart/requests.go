package main

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/luxfi/metric"
)

// requestMetrics holds the metrics about the requests that the shop serves.
type requestMetrics struct {
	total    *metric.CounterVec
	duration *metric.HistogramVec
	inFlight metric.Gauge
}

func newRequestMetrics(reg metric.Registerer) *requestMetrics {
	m := &requestMetrics{
		total: metric.NewCounterVec(metric.CounterOpts{
			Name: "shop_http_requests_total",
			Help: "Requests served.",
		}, []string{"route", "method", "code"}),
		duration: metric.NewHistogramVec(metric.HistogramOpts{
			Name:                        "shop_http_request_duration_seconds",
			Help:                        "How long it took to serve a request.",
			Buckets:                     metric.DefBuckets,
			NativeHistogramBucketFactor: 1.1,
		}, []string{"route", "method"}),
		inFlight: metric.NewGauge(metric.GaugeOpts{
			Name: "shop_http_requests_in_flight",
			Help: "Requests being served.",
		}),
	}
	reg.MustRegister(m.total, m.duration, m.inFlight)
	return m
}

// instrument returns next with metrics about its requests. A pattern has the form "GET /orders/{id}".
func (m *requestMetrics) instrument(pattern string, next http.Handler) http.Handler {
	method, route, _ := strings.Cut(pattern, " ")
	duration := m.duration.WithLabelValues(route, method)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.inFlight.Inc()
		defer m.inFlight.Dec()
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(recorder, r)
		seconds := time.Since(start).Seconds()

		m.total.WithLabelValues(route, method, strconv.Itoa(recorder.code)).Inc()
		exemplars, ok := duration.(metric.ExemplarObserver)
		if trace := traceID(r); ok && trace != "" {
			exemplars.ObserveWithExemplar(seconds, metric.Labels{"trace_id": trace})
		} else {
			duration.Observe(seconds)
		}
	})
}

// traceID returns the request's trace ID from the W3C Trace Context header, which has the form
// version-trace-span-flags. It returns "" if there is no valid header.
func traceID(r *http.Request) string {
	parts := strings.Split(r.Header.Get("Traceparent"), "-")
	if len(parts) != 4 {
		return ""
	}
	if id, err := hex.DecodeString(parts[1]); err != nil || len(id) != 16 {
		return "" // Only a well-formed ID becomes a label.
	}
	return parts[1]
}

// statusRecorder records the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	code int
}

func (r *statusRecorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}
