package metric

import (
	"context"
	"net/http"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/hops"
	"github.com/luxfi/metric/internal/scrape"
	"github.com/luxfi/metric/internal/web"
)

// ScrapeContext returns the context under which a handler with these options would scrape. It is
// for programs that write their own handlers. The context carries the values of ContextFunc or of
// the request. It ends when the client goes away, or at the deadline that follows from the header
// X-Prometheus-Scrape-Timeout-Seconds, Timeout, TimeoutOffset, Patient, the deadline of the
// request's own context and the server's WriteTimeout. The time counts from the call.
//
// The caller must call the CancelFunc when the scrape is over. ScrapeContext uses only the options
// named here and ErrorLog. If ContextFunc panics, ScrapeContext passes the panic to ErrorLog and
// uses the request's context instead. It ignores a header that is not valid, and reports it to
// ErrorLog at most once a minute. ScrapeContext is safe for concurrent use.
func ScrapeContext(r *http.Request, opts HandlerOpts) (context.Context, context.CancelFunc) {
	limits, log := opts.limits(), web.ErrorLog{To: opts.ErrorLog}
	deadline, err := limits.Deadline(r, time.Now())
	if err != nil && web.IsBadHeaderDue[scrape.Registry](r, nil) {
		log.Log(nil, err)
	}
	base := r.Context()
	if opts.ContextFunc != nil {
		made, err := callback.Try(func() (context.Context, error) { return web.MakeContext(r, opts.ContextFunc) })
		if err != nil {
			log.Log(nil, err)
		} else {
			base = made
		}
	}
	return limits.Context(hops.Under(base, r.Header.Values(hops.Header)), r.Context(), r.Context(), deadline)
}
