package metric

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/luxfi/metric/internal/callback"
)

const scrapeTimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

const (
	// maxTimeoutOffset and its fraction of the header are the default of TimeoutOffset.
	maxTimeoutOffset = 500 * time.Millisecond
	timeoutFraction  = 10
	// maxPatientOffset and its fraction are the default if Patient is set.
	maxPatientOffset = 100 * time.Millisecond
	patientFraction  = 20
	// maxRoom and its fraction of the time that is left are what a scrape leaves of a
	// deadline of the request's context: whoever has set it, such as http.TimeoutHandler,
	// needs the answer before.
	maxRoom      = 100 * time.Millisecond
	roomFraction = 10
)

// ScrapeContext returns the context that a handler with these options would scrape under,
// for programs that write their own handlers: it carries the values of ContextFunc or of the
// request, and ends when the client goes away or at the deadline that follows from the
// header X-Prometheus-Scrape-Timeout-Seconds, Timeout, TimeoutOffset, Patient, the request's
// own deadline and the server's WriteTimeout. The time counts from the call.
//
// The caller must call the CancelFunc when the scrape is over. Only the options that are
// named here are used, and ErrorLog: it gets the panic of a ContextFunc, whose context is then
// replaced by the request's, and at most once a minute a header that is not valid, which is
// ignored. ScrapeContext is safe for concurrent use.
func ScrapeContext(r *http.Request, opts HandlerOpts) (context.Context, context.CancelFunc) {
	deadline, err := opts.deadline(r, time.Now())
	if err != nil && isBadHeaderDue(r, nil) {
		logTo(opts.ErrorLog, new(callback.Caller), nil, err)
	}
	base := r.Context()
	if opts.ContextFunc != nil {
		made, err := callback.Try(func() (context.Context, error) { return opts.contextOf(r) })
		if err != nil {
			logTo(opts.ErrorLog, new(callback.Caller), nil, err)
		} else {
			base = made
		}
	}
	return opts.scrapeContext(base, r.Context(), r.Context(), deadline)
}

// contextOf calls ContextFunc. An error is one of the context that it has made.
func (o *HandlerOpts) contextOf(r *http.Request) (context.Context, error) {
	return callback.MakeContext(r.Context(), func() context.Context { return o.ContextFunc(r) })
}

// scrapeContext returns the context of a scrape. It has the values of base and ends when base
// does, at the deadline unless that is zero, and when the client goes away. request is the
// request's context. client, which may be the same, is cancelled when the client goes away,
// even after request's own deadline.
func (o *HandlerOpts) scrapeContext(base, request, client context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	var (
		stop = func() bool { return true }
		also = stop
	)
	until := base
	if o.Patient {
		until = context.WithoutCancel(base)
	}
	ctx, cancel := context.WithCancelCause(until)
	if until.Done() != request.Done() { // Or it ends anyway.
		stop = callback.FollowCancel(client, cancel)
		if o.Patient && base.Done() != request.Done() {
			also = callback.FollowCancel(base, cancel)
		}
	}
	free := func() {}
	if !deadline.IsZero() {
		ctx, free = context.WithDeadline(ctx, deadline)
	}
	return ctx, func() {
		free()
		stop()
		also()
		cancel(nil)
	}
}

// isCanceled reports whether a context was cancelled, rather than that its deadline has
// passed. For the context of a request, that is so when its client has gone away, or when
// its server is about to shut down.
func isCanceled(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// deadline returns when a scrape that began at start has to end, or zero if never. An error
// says that the header, which is then ignored, is not valid.
func (o *HandlerOpts) deadline(r *http.Request, start time.Time) (deadline time.Time, err error) {
	earliest := func(t time.Time) {
		if deadline.IsZero() || t.Before(deadline) {
			deadline = t
		}
	}
	if o.Timeout > 0 {
		earliest(start.Add(o.Timeout))
	}
	header, err := headerTimeout(r.Header.Get(scrapeTimeoutHeader))
	if header > 0 {
		earliest(start.Add(header - o.offset(header)))
	}
	if own, ok := r.Context().Deadline(); ok && !o.Patient {
		left := own.Sub(start)
		earliest(own.Add(-max(0, min(maxRoom, left/roomFraction))))
	}
	if timeout := serverWriteTimeout(r); timeout > 0 {
		earliest(start.Add(timeout - o.defaultOffset(timeout)))
	}
	return deadline, err
}

// serverWriteTimeout returns the WriteTimeout of the server of a request, or 0 if there is
// none. The server counts it from when it has read the header of the request, which nobody
// but it knows; it is taken as counted from when our handler begins.
func serverWriteTimeout(r *http.Request) time.Duration {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || server == nil {
		return 0
	}
	return server.WriteTimeout
}

// offset returns how much earlier than the header says the scrape has to end.
func (o *HandlerOpts) offset(header time.Duration) time.Duration {
	switch {
	case o.TimeoutOffset < 0:
		return 0
	case o.TimeoutOffset == 0:
		return o.defaultOffset(header)
	case o.TimeoutOffset >= header:
		return header / 2
	default:
		return o.TimeoutOffset
	}
}

// defaultOffset returns how much of a timeout is left for the way of the answer.
func (o *HandlerOpts) defaultOffset(timeout time.Duration) time.Duration {
	if o.Patient {
		return min(maxPatientOffset, timeout/patientFraction)
	}
	return min(maxTimeoutOffset, timeout/timeoutFraction)
}

// headerTimeout returns what the header says, and 0 if it is not there or not valid.
func headerTimeout(value string) (time.Duration, error) {
	if value == "" {
		return 0, nil
	}
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || !(seconds > 0) || math.IsInf(seconds, 0) {
		return 0, fmt.Errorf("header %s: %.100q is not a positive number of seconds; it is ignored", scrapeTimeoutHeader, value)
	}
	if nanoseconds := seconds * float64(time.Second); nanoseconds < math.MaxInt64 {
		return max(1, time.Duration(nanoseconds)), nil
	}
	return math.MaxInt64, nil
}
