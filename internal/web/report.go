package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/callback"
)

// Report counts and logs the errors of a handler. It must not be copied after its first use.
type Report struct {
	Count *prometheus.CounterVec // by cause: "gathering" or "encoding"
	Log   ErrorLog
}

// Add counts an error with its cause, and logs it with what the handler was doing.
func (r *Report) Add(allowance *callback.Allowance, cause, doing string, err error) {
	r.Count.WithLabelValues(cause).Inc()
	r.Log.Log(allowance, &ServeError{Doing: doing, Err: err})
}

// AddWriting logs and counts the error because of which an answer was not sent completely. It does neither
// if the client has gone away, but it does both if the client has stopped reading.
func (r *Report) AddWriting(allowance *callback.Allowance, result *Result) {
	switch {
	case result.Writing == nil:
	case result.Late:
		r.Add(allowance, "encoding", "the client has not read the answer in time, see HandlerOpts.SendTimeout", result.Writing)
	case !result.Gone:
		r.Count.WithLabelValues("encoding").Inc()
		r.Log.Log(allowance, result.Writing)
	}
}
