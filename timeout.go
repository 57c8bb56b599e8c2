package metric

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

const scrapeTimeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"

// maxTimeoutOffset and its fraction of the header are the default of TimeoutOffset.
const (
	maxTimeoutOffset = 500 * time.Millisecond
	timeoutFraction  = 10
)

// scrapeContext returns the context of a scrape, which ends at the earliest of all
// deadlines and when the client goes away. An error tells that the header, which is
// then ignored, is not valid; the context is valid in any case.
func (o *HandlerOpts) scrapeContext(base context.Context, r *http.Request, start time.Time) (context.Context, context.CancelFunc, error) {
	timeout, limited := o.Timeout, o.Timeout > 0
	header, err := headerTimeout(r.Header.Get(scrapeTimeoutHeader))
	if header > 0 {
		if header -= o.offset(header); !limited || header < timeout {
			timeout, limited = header, true
		}
	}
	ctx, cancel := context.WithCancelCause(base)
	// The base may have nothing to do with the request.
	client := r.Context()
	unlink := context.AfterFunc(client, func() {
		if gone(client) {
			cancel(context.Cause(client))
		}
	})
	deadline, ok := client.Deadline()
	if own := start.Add(timeout); limited && (!ok || own.Before(deadline)) {
		deadline, ok = own, true
	}
	free := func() {}
	if ok {
		ctx, free = context.WithDeadline(ctx, deadline)
	}
	return ctx, func() {
		free()
		unlink()
		cancel(nil)
	}, err
}

// offset returns how much earlier than the header says the scrape has to end.
func (o *HandlerOpts) offset(header time.Duration) time.Duration {
	switch {
	case o.TimeoutOffset < 0:
		return 0
	case o.TimeoutOffset == 0:
		return min(maxTimeoutOffset, header/timeoutFraction)
	case o.TimeoutOffset >= header:
		return header / 2
	default:
		return o.TimeoutOffset
	}
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
