package promhttp

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/counting"
)

type (
	// RoundTripperFunc is a function as an http.RoundTripper.
	RoundTripperFunc = promhttp.RoundTripperFunc
	// InstrumentTrace holds the functions that InstrumentRoundTripperTrace calls with
	// the seconds since the start of a request. Those that are nil are not called.
	InstrumentTrace = promhttp.InstrumentTrace
)

// The functions below return a RoundTripper that instruments next. Vectors may have the
// labels code and method, and those that options set; others have to be constant or
// curried. The functions panic if that is not so. If next panics or returns an error,
// nothing is observed.

// InstrumentRoundTripperInFlight counts the requests that next does right now in gauge.
func InstrumentRoundTripperInFlight(gauge prometheus.Gauge, next http.RoundTripper) RoundTripperFunc {
	return promhttp.InstrumentRoundTripperInFlight(gauge, next)
}

// InstrumentRoundTripperCounter counts the requests that next has done. For a
// CounterVec of client_golang, use its function of the same name.
func InstrumentRoundTripperCounter(counter *metric.CounterVec, next http.RoundTripper, opts ...Option) RoundTripperFunc {
	return promhttp.InstrumentRoundTripperDuration(counting.Observers(counter), next, opts...)
}

// InstrumentRoundTripperDuration observes how long next takes for a request, until it
// has the headers of the response, in seconds.
func InstrumentRoundTripperDuration(obs metric.ObserverVec, next http.RoundTripper, opts ...Option) RoundTripperFunc {
	return promhttp.InstrumentRoundTripperDuration(obs, next, opts...)
}

// InstrumentRoundTripperTrace calls the functions of trace as a request proceeds. They
// must be safe for concurrent use. Where something has failed, none is called.
func InstrumentRoundTripperTrace(trace *InstrumentTrace, next http.RoundTripper) RoundTripperFunc {
	return promhttp.InstrumentRoundTripperTrace(trace, next)
}
