package promhttp

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/counting"
)

// The functions below return a handler that instruments next. The writer that next
// gets is an http.Flusher, http.Hijacker, io.ReaderFrom, http.Pusher or
// http.CloseNotifier if the writer of the server is, and works with an
// http.ResponseController.
//
// Vectors may have the labels code and method, and those that options set; others have
// to be constant or curried. The functions panic if that is not so. Where nothing is
// said of panics of next, nothing is observed then.

// InstrumentHandlerInFlight counts the requests that next serves right now in g.
func InstrumentHandlerInFlight(g prometheus.Gauge, next http.Handler) http.Handler {
	return promhttp.InstrumentHandlerInFlight(g, next)
}

// InstrumentHandlerCounter counts the requests that next has served. For a CounterVec
// of client_golang, use its function of the same name.
func InstrumentHandlerCounter(counter *metric.CounterVec, next http.Handler, opts ...Option) http.HandlerFunc {
	return promhttp.InstrumentHandlerDuration(counting.Observers(counter), next, opts...)
}

// InstrumentHandlerDuration observes how long next takes for a request, in seconds.
func InstrumentHandlerDuration(obs metric.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	return promhttp.InstrumentHandlerDuration(obs, next, opts...)
}

// InstrumentHandlerTimeToWriteHeader observes how long next takes until it has written
// the headers, in seconds. If it panics after that, the observation stands.
func InstrumentHandlerTimeToWriteHeader(obs metric.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	return promhttp.InstrumentHandlerTimeToWriteHeader(obs, next, opts...)
}

// InstrumentHandlerRequestSize observes the approximate size of a request, in bytes.
func InstrumentHandlerRequestSize(obs metric.ObserverVec, next http.Handler, opts ...Option) http.HandlerFunc {
	return promhttp.InstrumentHandlerRequestSize(obs, next, opts...)
}

// InstrumentHandlerResponseSize observes the size of the body of a response, in bytes.
func InstrumentHandlerResponseSize(obs metric.ObserverVec, next http.Handler, opts ...Option) http.Handler {
	return promhttp.InstrumentHandlerResponseSize(obs, next, opts...)
}
