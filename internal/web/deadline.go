package web

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
	// maxTimeoutOffset and its fraction of the header's timeout are the default of TimeoutOffset.
	maxTimeoutOffset = 500 * time.Millisecond
	timeoutFraction  = 10
	// maxPatientOffset and its fraction are the default if Patient is set.
	maxPatientOffset = 100 * time.Millisecond
	patientFraction  = 20
	// A scrape ends earlier than a deadline of the request's context: by the remaining time divided by
	// roomFraction, but at most by maxRoom. Middleware that has set the deadline, such as
	// http.TimeoutHandler, needs the answer earlier.
	maxRoom      = 100 * time.Millisecond
	roomFraction = 10
)

// Limits holds the options of a handler that determine when its scrapes must end. The root package
// documents them.
type Limits struct {
	Timeout       time.Duration
	TimeoutOffset time.Duration
	Patient       bool
	// Default is the maximum duration of a scrape that nothing else limits, or 0.
	Default time.Duration
}

// Deadline returns when a scrape that began at start must end, or the zero time if it need not. The error
// reports that the header is invalid; Deadline then ignores the header.
func (l *Limits) Deadline(r *http.Request, start time.Time) (deadline time.Time, err error) {
	earliest := func(t time.Time) {
		if deadline.IsZero() || t.Before(deadline) {
			deadline = t
		}
	}
	if l.Timeout > 0 {
		earliest(start.Add(l.Timeout))
	}
	header, err := headerTimeout(r.Header.Get(scrapeTimeoutHeader))
	if header > 0 {
		earliest(start.Add(header - l.offset(header)))
	}
	if own, ok := r.Context().Deadline(); ok && !l.Patient {
		left := own.Sub(start)
		earliest(own.Add(-max(0, min(maxRoom, left/roomFraction))))
	}
	if timeout := serverWriteTimeout(r); timeout > 0 {
		earliest(start.Add(timeout - l.defaultOffset(timeout)))
	}
	if deadline.IsZero() && l.Default > 0 {
		deadline = start.Add(l.Default)
	}
	return deadline, err
}

// serverWriteTimeout returns the WriteTimeout of the server of a request, or 0 if it has none. The server
// counts the timeout from when it has read the header of the request. Only the server knows that time, so
// the timeout is counted from when the handler begins.
func serverWriteTimeout(r *http.Request) time.Duration {
	server, ok := r.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || server == nil {
		return 0
	}
	return server.WriteTimeout
}

// offset returns how much earlier than the header says the scrape must end.
func (l *Limits) offset(header time.Duration) time.Duration {
	switch {
	case l.TimeoutOffset < 0:
		return 0
	case l.TimeoutOffset == 0:
		return l.defaultOffset(header)
	case l.TimeoutOffset >= header:
		return header / 2
	default:
		return l.TimeoutOffset
	}
}

// defaultOffset returns how much of a timeout is reserved for sending the answer.
func (l *Limits) defaultOffset(timeout time.Duration) time.Duration {
	if l.Patient {
		return min(maxPatientOffset, timeout/patientFraction)
	}
	return min(maxTimeoutOffset, timeout/timeoutFraction)
}

// headerTimeout returns the timeout in the header, or 0 if the header is missing or invalid.
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

// Context returns the context of a scrape. It has the values of base. It ends when base does, at the
// deadline unless that is zero, and when the client goes away. request is the request's context. client,
// which may be the same context, is canceled when the client goes away, even after request's own deadline.
func (l *Limits) Context(base, request, client context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	var (
		stop = func() bool { return true }
		also = stop
	)
	until := base
	if l.Patient {
		until = context.WithoutCancel(base)
	}
	ctx, cancel := context.WithCancelCause(until)
	if until.Done() != request.Done() { // It ends anyway.
		stop = callback.FollowCancel(client, cancel)
		if l.Patient && base.Done() != request.Done() {
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

// isCanceled reports whether a context was canceled, rather than ended by its deadline. The context of a
// request is canceled when its client has gone away, or when its server is about to shut down.
func isCanceled(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }
