package web

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/callback"
)

// Report counts and logs the errors of a handler. It must not be copied after its first use.
type Report struct {
	Count *prometheus.CounterVec // By cause: "gathering" or "encoding".
	Log   ErrorLog
}

// Add counts an error with its cause, and logs it with what the handler was doing.
func (r *Report) Add(p *callback.Patience, cause, doing string, err error) {
	r.Count.WithLabelValues(cause).Inc()
	r.Log.Log(p, &ServeError{Doing: doing, Err: err})
}

// AddWriting logs and counts what kept an answer from being sent to its end. That a client has
// gone away is neither logged nor counted. That it has stopped reading is.
func (r *Report) AddWriting(p *callback.Patience, result *Result) {
	switch {
	case result.Writing == nil:
	case result.Late:
		r.Add(p, "encoding", "the client has not read the answer in time, see HandlerOpts.SendTimeout", result.Writing)
	case !result.Gone:
		r.Count.WithLabelValues("encoding").Inc()
		r.Log.Log(p, result.Writing)
	}
}
