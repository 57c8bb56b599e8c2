package promhttp

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/middleware"
)

// The functions below return a handler that instruments next. The writer that next
// gets is an http.Flusher, http.Hijacker, io.ReaderFrom, http.Pusher or
// http.CloseNotifier if the writer of the server is, and works with an
// http.ResponseController.
//
// Vectors may have the labels code and method, and those that options set; others have
// to be constant or curried. The functions panic if that is not so. Unless stated otherwise,
// nothing is observed if next panics.
//
// The code is the status that the client gets: 200 if next writes none, the first one if it
// writes several, and none of the informational ones, such as 103 Early Hints, that may come
// before it. Codes below 100 and above 599 are "unknown".

// InstrumentHandlerInFlight counts the requests that next serves right now in g.
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

// InstrumentHandlerTimeToWriteHeader observes how long next takes until it has written
// the header, in seconds. If it panics after that, the observation stands. Nothing is
// observed if it writes none.
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

// serve lets next serve a request, and returns the status of the response, or 0 if the code
// is not wanted or none was written.
func serve(code bool, next http.Handler, w http.ResponseWriter, r *http.Request) int {
	if !code {
		next.ServeHTTP(w, r)
		return 0
	}
	sent, w := middleware.Wrap(w, nil)
	next.ServeHTTP(w, r)
	return sent.Status()
}
