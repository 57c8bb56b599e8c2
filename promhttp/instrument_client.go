package promhttp

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/luxfi/metric"
)

type (
	// RoundTripperFunc is an adapter to use a function as an [http.RoundTripper].
	RoundTripperFunc = promhttp.RoundTripperFunc
	// InstrumentTrace holds the functions that [InstrumentRoundTripperTrace] calls with the seconds since
	// the start of a request. Nil functions are not called.
	InstrumentTrace = promhttp.InstrumentTrace
)

// The functions below return a RoundTripper that instruments next. Vectors may have the labels code and
// method and the labels that options set; all other labels must be constant or curried, or the functions
// panic. If next panics or returns an error, nothing is observed.
//
// Functions of options that set labels are called with the request in the response, which may differ from the
// request passed to next. If the response has no request, they are called with the request passed to next.

// InstrumentRoundTripperInFlight counts in gauge the requests in flight through next.
func InstrumentRoundTripperInFlight(gauge prometheus.Gauge, next http.RoundTripper) RoundTripperFunc {
	return func(r *http.Request) (*http.Response, error) {
		gauge.Inc()
		defer gauge.Dec()
		return next.RoundTrip(r)
	}
}

// InstrumentRoundTripperCounter counts the requests that next has completed. For a CounterVec of
// client_golang, use its function of the same name.
func InstrumentRoundTripperCounter(counter *metric.CounterVec, next http.RoundTripper, opts ...Option) RoundTripperFunc {
	s := counters(counter, opts)
	return func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && resp != nil {
			c, exemplar := s.ofResponse(r, resp)
			count(c, exemplar)
		}
		return resp, err
	}
}

// InstrumentRoundTripperDuration observes how long next takes to receive the headers of the response, in
// seconds.
func InstrumentRoundTripperDuration(obs metric.ObserverVec, next http.RoundTripper, opts ...Option) RoundTripperFunc {
	s := observers(obs, opts)
	return func(r *http.Request) (*http.Response, error) {
		start := time.Now()
		resp, err := next.RoundTrip(r)
		if err == nil && resp != nil {
			took := time.Since(start).Seconds()
			o, exemplar := s.ofResponse(r, resp)
			observe(o, took, exemplar)
		}
		return resp, err
	}
}

// ofResponse is like of, for the response to r.
func (s *series[M]) ofResponse(r *http.Request, resp *http.Response) (M, metric.Labels) {
	// A client sends GET if the method is empty.
	return s.of(r, cmp.Or(resp.Request, r), cmp.Or(r.Method, http.MethodGet), resp.StatusCode)
}

// InstrumentRoundTripperTrace calls the functions of trace as a request proceeds. They must be safe for
// concurrent use. The function of a step that fails is not called.
func InstrumentRoundTripperTrace(trace *InstrumentTrace, next http.RoundTripper) RoundTripperFunc {
	if trace == nil {
		trace = &InstrumentTrace{}
	}
	return func(r *http.Request) (*http.Response, error) {
		hooks := clientTrace(trace, time.Now())
		return next.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), hooks)))
	}
}

// clientTrace returns the hooks for a request that began at start.
func clientTrace(trace *InstrumentTrace, start time.Time) *httptrace.ClientTrace {
	report := func(to func(float64)) {
		if to != nil {
			to(time.Since(start).Seconds())
		}
	}
	reportUnless := func(err error, to func(float64)) {
		if err == nil {
			report(to)
		}
	}
	return &httptrace.ClientTrace{
		GotConn:              func(httptrace.GotConnInfo) { report(trace.GotConn) },
		PutIdleConn:          func(err error) { reportUnless(err, trace.PutIdleConn) },
		GotFirstResponseByte: func() { report(trace.GotFirstResponseByte) },
		Got100Continue:       func() { report(trace.Got100Continue) },
		DNSStart:             func(httptrace.DNSStartInfo) { report(trace.DNSStart) },
		DNSDone:              func(httptrace.DNSDoneInfo) { report(trace.DNSDone) },
		ConnectStart:         func(_, _ string) { report(trace.ConnectStart) },
		ConnectDone:          func(_, _ string, err error) { reportUnless(err, trace.ConnectDone) },
		TLSHandshakeStart:    func() { report(trace.TLSHandshakeStart) },
		TLSHandshakeDone:     func(_ tls.ConnectionState, err error) { reportUnless(err, trace.TLSHandshakeDone) },
		WroteHeaders:         func() { report(trace.WroteHeaders) },
		Wait100Continue:      func() { report(trace.Wait100Continue) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { report(trace.WroteRequest) },
	}
}
