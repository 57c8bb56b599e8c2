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
	// Jitter is a fraction of the interval, at most 1. The first call comes after a random
	// part of it, and each later call is shifted by another random part, so that programs
	// that start together do not push together. Shifts do not add up. The default is 0.1; a
	// negative value means none.
	Jitter float64
	// Timeout is the time that the context of a call allows, from its start. The default is
	// Interval.
	Timeout time.Duration
	// FlushTimeout limits how long a loop goes on after its context is done, for the call
	// under way and the last one together. The default is 5 seconds. With a negative value,
	// Every makes no last call.
	FlushTimeout time.Duration
	// Logger receives the errors. The default is the slog.Default() at the time of the error.
	Logger *slog.Logger
	// Registry, if not nil, lists the loop in its Status and on its status page until the loop
	// ends, under the name "push/" and Name, or "push" without a Name. Scrapes do not show it.
	Registry *metric.ContextRegistry
}

// Every starts a loop that calls f at an interval until ctx is done, and then a last time, to
// push what was measured since the previous call. The first call comes almost at once; see
// LoopOpts.Jitter. Every returns without waiting for a call; see [Loop.Wait].
//
// The context of a call is derived from ctx and has a deadline; see LoopOpts.Timeout. The
// context of the last call has the values of ctx and a deadline, but is not canceled with it;
// see LoopOpts.FlushTimeout. If ctx is done already, the last call is the only one.
//
// Calls never overlap. If f returns too late, because it ignores its context, the next call
// waits for it and is then made at once. If several calls were due meanwhile, Every makes
// only one of them, and [Loop.Status] counts the others as skipped.
//
// Errors do not end the loop. Every logs an error at once, and errors that differ from it only
// in numbers once a minute, with the count of those that it did not log. It also logs the
// first call that succeeds afterwards. A panic of f becomes a *metric.PanicError. A call that
// fails because ctx is done does not count as a failure.
//
// Every panics if f is nil, if Interval or Timeout is negative, if Jitter is greater than 1 or
// NaN, or if Registry was not made by metric.NewContextRegistry.
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

// complete sets the defaults and reports options that are not valid.
func (o *LoopOpts) complete() error {
	switch {
	case o.Interval < 0:
		return fmt.Errorf("the interval %v is negative", o.Interval)
	case o.Timeout < 0:
		return fmt.Errorf("the timeout %v is negative", o.Timeout)
	case !(o.Jitter <= 1): // NaN, too.
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
