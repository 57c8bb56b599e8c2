package promhttp

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/middleware"
)

// The functions below return a handler that instruments next. The writer passed to next is an http.Flusher,
// http.Hijacker, io.ReaderFrom, http.Pusher or http.CloseNotifier if the server's writer is one. It works
// with an http.ResponseController.
//
// Vectors may have the labels code and method and the labels that options set; all other labels must be
// constant or curried, or the functions panic. Unless stated otherwise, nothing is observed if next panics.
//
// The code is the status that the client receives. It is 200 if next writes none, and the first one if next
// writes several. Informational statuses that may come before it, such as 103 Early Hints, do not count.
// Codes below 100 and above 599 are "unknown".

// InstrumentHandlerInFlight counts in g the requests that next is serving.
func InstrumentHandlerInFlight(g prometheus.Gauge, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.Inc()
		defer g.Dec()
		next.ServeHTTP(w, r)
	})
}

// InstrumentHandlerCounter counts the requests that next has served. For a CounterVec
// of client_golang, use its function of the same name.
func InstrumentHandlerCounter(counter *metric.CounterVec, next http.Handler, opts ...Option) http.HandlerFunc {
	s := counters(counter, opts)
	return func(w http.ResponseWriter, r *http.Request) {
		status := serve(s.code, next, w, r)
		c, exemplar := s.of(r, r, r.Method, status)
		count(c, exemplar)
	}
}

// InstrumentHandlerDuration observes how long next takes for a request, in seconds.
func InstrumentHandlerDuration(obs metric.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	s := observers(obs, opts)
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		status := serve(s.code, next, w, r)
		took := time.Since(start).Seconds()
		o, exemplar := s.of(r, r, r.Method, status)
		observe(o, took, exemplar)
	}
}

// InstrumentHandlerTimeToWriteHeader observes how long next takes to write the header, in seconds. If next
// panics later, the observation is kept. Nothing is observed if next writes no header.
func InstrumentHandlerTimeToWriteHeader(obs metric.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	s := observers(obs, opts)
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		_, w = middleware.Wrap(w, func(status int) {
			took := time.Since(start).Seconds()
			o, exemplar := s.of(r, r, r.Method, status)
			observe(o, took, exemplar)
		})
		next.ServeHTTP(w, r)
	}
}

// InstrumentHandlerRequestSize observes the approximate size of a request, in bytes.
func InstrumentHandlerRequestSize(obs metric.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	s := observers(obs, opts)
	return func(w http.ResponseWriter, r *http.Request) {
		status := serve(s.code, next, w, r)
		o, exemplar := s.of(r, r, r.Method, status)
		observe(o, float64(middleware.RequestSize(r)), exemplar)
	}
}

// InstrumentHandlerResponseSize observes the size of the body of a response, in bytes.
func InstrumentHandlerResponseSize(obs metric.ObserverVec, next http.Handler, opts ...Option) http.Handler {
	s := observers(obs, opts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, w := middleware.Wrap(w, nil)
		next.ServeHTTP(w, r)
		o, exemplar := s.of(r, r, r.Method, sent.Status())
		observe(o, float64(sent.Written()), exemplar)
	})
}

// serve lets next serve a request and returns the status of the response. It returns 0 if code is false or
// no status was written.
func serve(code bool, next http.Handler, w http.ResponseWriter, r *http.Request) int {
	if !code {
		next.ServeHTTP(w, r)
		return 0
	}
	sent, w := middleware.Wrap(w, nil)
	next.ServeHTTP(w, r)
	return sent.Status()
}
