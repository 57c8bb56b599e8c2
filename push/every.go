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

// LoopOpts says how [Every] calls its function. The zero value of each field stands for its
// default.
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
	// Timeout is how long after its start the context of a call ends. The default is the
	// interval.
	Timeout time.Duration
	// FlushTimeout is how long after the end of its context a loop may go on, which includes
	// the last call. The default is 5 seconds. With a negative value there is no last call.
	FlushTimeout time.Duration
	// Logger gets the errors. The default is slog.Default(), as it is at that time.
	Logger *slog.Logger
	// Registry, if not nil, has the loop in its Status and on its status page until the loop
	// ends, under the name "push/" and Name. Scrapes do not see it.
	Registry *metric.ContextRegistry
}

// Every calls f at an interval until ctx ends, and then a last time, so that what was
// measured since the last call is pushed, too. The first call comes almost at once; see
// LoopOpts.Jitter. Every returns without waiting for a call.
//
// The context of a call has the values of ctx, ends with it, and has a deadline; see
// LoopOpts.Timeout. That of the last call does not end with ctx, but has a deadline, too;
// see LoopOpts.FlushTimeout. If ctx has ended already, the last call is the only one.
//
// Calls never overlap. If f returns too late, because it ignores its context, the next call
// waits for it and is then made at once. If several calls were due meanwhile, it stands for
// all of them; Status counts the others as skipped.
//
// A panic of f becomes a *metric.PanicError. Errors do not end the loop. The first of
// several that differ in nothing but numbers is logged at once, and then one a minute with
// the number of those that were not logged. A call that succeeds afterwards is logged, too.
// A call that fails because ctx has ended is no failure.
//
// Every panics if f is nil, if an option is not valid, or if LoopOpts.Registry is not made by
// metric.NewContextRegistry.
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
