package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type tenantKey struct{}

// instrumentedServer returns a handler with all instrumentation around it.
func instrumentedServer(reg prometheus.Registerer) http.Handler {
	var (
		inFlight = prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_in_flight", Help: "In flight."})
		counter  = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests."}, []string{"code", "method", "tenant"})
		duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_duration_seconds", Help: "Durations.", Buckets: []float64{1e6}}, []string{"handler", "code"})
		header   = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_header_seconds", Help: "Until the header.", Buckets: []float64{1e6}}, nil)
		request  = prometheus.NewSummaryVec(prometheus.SummaryOpts{Name: "http_request_bytes", Help: "Sizes."}, []string{"method"})
		response = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_response_bytes", Help: "Sizes.", Buckets: []float64{1, 10, 100}}, []string{"code"})
	)
	reg.MustRegister(inFlight, counter, duration, header, request, response)
	tenant := promhttp.WithLabelFromCtx("tenant", func(ctx context.Context) string {
		t, _ := ctx.Value(tenantKey{}).(string)
		return t
	})
	exemplar := promhttp.WithExemplarFromContext(func(ctx context.Context) prometheus.Labels {
		if t, ok := ctx.Value(tenantKey{}).(string); ok && t != "" {
			return prometheus.Labels{"tenant": t}
		}
		return nil
	})
	h := promhttp.InstrumentHandlerInFlight(inFlight,
		promhttp.InstrumentHandlerDuration(duration.MustCurryWith(prometheus.Labels{"handler": "served"}),
			promhttp.InstrumentHandlerCounter(counter,
				promhttp.InstrumentHandlerTimeToWriteHeader(header,
					promhttp.InstrumentHandlerRequestSize(request,
						promhttp.InstrumentHandlerResponseSize(response, http.HandlerFunc(serve), exemplar),
						promhttp.WithExtraMethods("BREW"))),
				tenant, promhttp.WithExtraMethods("BREW"), exemplar),
			exemplar))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tenantKey{}, r.Header.Get("X-Tenant"))))
	})
}

func serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/missing"):
		http.NotFound(w, r)
	case strings.HasSuffix(r.URL.Path, "/flushed"):
		w.WriteHeader(http.StatusAccepted)
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		_, _ = io.Copy(w, strings.NewReader("after the flush"))
	default:
		_, _ = fmt.Fprintf(w, "%s %s", r.Method, r.URL.Path)
	}
}

// callServer sends requests to the server through an instrumented client.
func callServer(reg prometheus.Registerer, url, path string, w io.Writer) {
	labels := prometheus.Labels{"path": path}
	var (
		inFlight = prometheus.NewGauge(prometheus.GaugeOpts{Name: "client_in_flight", Help: "In flight.", ConstLabels: labels})
		counter  = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "client_requests_total", Help: "Requests.", ConstLabels: labels}, []string{"code", "method"})
		duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "client_duration_seconds", Help: "Durations.", ConstLabels: labels, Buckets: []float64{1e6}}, []string{"method"})
		traced   = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "client_events_total", Help: "Events.", ConstLabels: labels}, []string{"event"})
	)
	for _, c := range []prometheus.Collector{inFlight, counter, duration, traced} {
		if err := reg.Register(c); err != nil {
			_, _ = fmt.Fprintln(w, err)
		}
	}
	trace := &promhttp.InstrumentTrace{
		WroteRequest:         func(float64) { traced.WithLabelValues("wrote").Inc() },
		GotFirstResponseByte: func(float64) { traced.WithLabelValues("first byte").Inc() },
	}
	transport := promhttp.InstrumentRoundTripperInFlight(inFlight,
		promhttp.InstrumentRoundTripperCounter(counter,
			promhttp.InstrumentRoundTripperDuration(duration,
				promhttp.InstrumentRoundTripperTrace(trace, http.DefaultTransport))))
	client := &http.Client{Transport: transport}
	for _, method := range []string{http.MethodGet, http.MethodPost, "BREW"} {
		r, err := http.NewRequest(method, url+path, strings.NewReader("a body"))
		if err != nil {
			_, _ = fmt.Fprintln(w, err)
			return
		}
		r.Header.Set("X-Tenant", "acme")
		r.Header.Set("User-Agent", "twin")
		resp, err := client.Do(r)
		if err != nil {
			_, _ = fmt.Fprintln(w, err)
			return
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		_, _ = fmt.Fprintln(w, resp.StatusCode, string(body), err)
	}
}
