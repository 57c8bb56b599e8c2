package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/scrape"
)

const (
	defaultInterval     = 15 * time.Second
	defaultJitter       = 0.1
	defaultFlushTimeout = 5 * time.Second
)

// LoopOpts are the options of [Every]. The zero value of each field means its default.
type LoopOpts struct {
	// Name is the loop's name in logs, errors and Status, such as "pushgateway".
	Name string
	// Interval is the time between the starts of two calls. The default is 15 seconds.
	Interval time.Duration
	// Jitter is a fraction of the interval, at most 1. The first call comes after a random part of it, and
	// each later call is shifted by another random part. Programs that start together therefore do not push
	// together. Shifts do not add up. The default is 0.1; a negative value means no jitter.
	Jitter float64
	// Timeout is the time from the start of a call to the deadline of its context. The default is Interval.
	Timeout time.Duration
	// FlushTimeout limits how long a loop continues after its context is done. It applies to the call in
	// progress and the last call together. The default is 5 seconds. If it is negative, the loop makes no
	// last call.
	FlushTimeout time.Duration
	// Logger receives the errors. The default is the slog.Default() at the time of the error.
	Logger *slog.Logger
	// Registry, if not nil, lists the loop in its Status and on its status page until the loop ends. The
	// loop's name there is "push/" followed by Name, or "push" without a Name. Scrapes do not show it.
	Registry *metric.ContextRegistry
}

// Every starts a loop that calls f at an interval until ctx is done. The loop then calls f one last time, to
// push the last values. The first call comes almost at once; see the field Jitter of [LoopOpts]. Every
// returns without waiting for a call; see [Loop.Wait].
//
// The context of a call is derived from ctx and has a deadline; see the field Timeout. The context of the
// last call has the values of ctx and a deadline, but is not canceled with ctx; see the field FlushTimeout.
// If ctx is already done, the last call is the only one.
//
// Calls never overlap. If f returns too late, for example because it ignores its context, the next call
// starts as soon as f returns. If several calls were due in the meantime, the loop makes only one of them,
// and [Loop.Status] counts the others as skipped.
//
// Errors do not end the loop. The loop logs an error at once. It logs errors that differ from it only in
// numbers once a minute, with the count of the errors that it suppressed, and it logs the first call that
// succeeds afterwards. A panic of f becomes a *metric.PanicError. A call that fails because ctx is done
// does not count as a failure.
//
// Every panics if f is nil, if Interval or Timeout is negative, if Jitter is greater than 1 or NaN, or if
// Registry was not created by metric.NewContextRegistry.
func Every(ctx context.Context, f func(context.Context) error, opts LoopOpts) *Loop {
	if err := opts.complete(); err != nil {
		panic(fmt.Errorf("push.Every: %w", err))
	}
	if f == nil {
		panic(errors.New("push.Every: the function is nil"))
	}
	l := &Loop{
		f:    f,
		opts: opts,
		log:  failureLog{logger: opts.Logger, name: opts.Name},
		done: make(chan struct{}),
	}
	hide := func() {}
	if opts.Registry != nil {
		hide = scrape.RegistryOf(opts.Registry).Show(l.state)
	}
	go l.run(ctx, hide)
	return l
}

// complete sets the defaults and returns an error if an option is not valid.
func (o *LoopOpts) complete() error {
	switch {
	case o.Interval < 0:
		return fmt.Errorf("the interval %v is negative", o.Interval)
	case o.Timeout < 0:
		return fmt.Errorf("the timeout %v is negative", o.Timeout)
	case !(o.Jitter <= 1): // true for NaN, too
		return fmt.Errorf("the jitter %v is not valid: allowed is a fraction of the interval up to 1, or a negative number for none", o.Jitter)
	case o.Registry != nil && scrape.RegistryOf(o.Registry) == nil:
		return fmt.Errorf("the %T is a zero value: make one with NewContextRegistry", o.Registry)
	}
	if o.Interval == 0 {
		o.Interval = defaultInterval
	}
	if o.Jitter == 0 {
		o.Jitter = defaultJitter
	}
	if o.Timeout == 0 {
		o.Timeout = o.Interval
	}
	if o.FlushTimeout == 0 {
		o.FlushTimeout = defaultFlushTimeout
	}
	return nil
}
