package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// launch makes a run. The engine's mutex must be held. The caller must start the run after it has released
// the mutex.
func (e *Engine) launch(s *Scrape, job Job, now time.Time) *flight {
	c := job.Collector
	f := &flight{engine: e, collector: c, sink: job.Sink, done: make(chan struct{}), start: now, waiters: 1, counted: true}
	if f.sink == nil {
		f.buffer = newBuffer(c.stats.expected)
		f.buffer.origins = job.Origins && !c.KeepsResults()
		c.Gate.bound(f.buffer)
		f.sink = f.buffer
	}
	if e.flights == nil {
		e.flights = make(map[*flight]struct{})
	}
	e.flights[f] = struct{}{}
	e.running++
	c.flying = append(c.flying, f)
	c.stats.Runs++
	if c.Earlier.isIdle() {
		c.Earlier = nil
	}
	c.stats.LastStart, c.stats.LastLimit = now, s.limitOf(c, now)
	if f.shared = c.shares() || job.Share; f.shared && !job.OwnRun {
		c.joinable = f
	}
	e.setContext(f, s, now)
	f.ctx.in = f
	if e.late == nil {
		e.late = new(drainer)
	}
	f.hints.expected, f.hints.late = c.stats.expected, e.late
	return f
}

// setContext makes the context of a run. The engine's mutex is held, so the context is derived from one
// that only has the values of the caller's context: no method of the caller's context is called. The scrape
// cancels such a run when it leaves it; see [Engine.leave].
func (e *Engine) setContext(f *flight, s *Scrape, now time.Time) {
	c := f.collector
	limit := c.Gate.limit()
	f.wanted = s.runsEnd
	if !f.shared && limit == 0 {
		f.ctx.Context = s.runs
		return
	}
	if limit > 0 || c.KeepsResults() {
		f.limit = make(chan struct{})
	}
	if !c.KeepsResults() && !c.Shared {
		f.until = s.runsEnd
	}
	if limit > 0 {
		if end := now.Add(limit); f.until.IsZero() || end.Before(f.until) {
			f.until, f.ownEnd = end, true
		}
		f.limiter = e.limitAfter(f, limit)
	}
	if f.until.IsZero() {
		f.ctx.Context, f.cancel = context.WithCancel(s.values)
	} else {
		f.ctx.Context, f.cancel = context.WithDeadline(s.values, f.until)
	}
}

// run runs the collector and announces the end of the run, whether the collector returns, panics or calls
// runtime.Goexit. In the last case, run does not return either.
func (f *flight) run() {
	err := errGoexit
	defer func() {
		if f.buffer == nil {
			f.sink.Close()
		} else if err == nil && f.buffer.IsFull() {
			err = f.buffer.errFull()
		}
		reason := f.ctx.Err()
		if f.preempted.Load() && err != nil {
			err = fmt.Errorf("%w: %w", errPreempted, err)
		}
		f.engine.finish(f, err, KindOf(reason))
		if f.cancel != nil {
			f.cancel() // Not earlier: the end of the context would look like the collector's own limit.
		}
	}()
	err = presentable(Try(func() error {
		err := f.collector.Run(&f.ctx, f.running(), f.sink)
		if !f.collector.Shared {
			err = afterDeadline(&f.ctx, err)
		}
		return err
	}))
}

// running returns the information that the engine passes to the run.
func (f *flight) running() Running {
	r := Running{hints: &f.hints}
	if f.buffer != nil && f.buffer.origins {
		r.origins = f.buffer
	}
	return r
}

// verdict returns the verdict on the collector if the run returns err at this time. reason says why the
// run's context has ended; it is KindNone if the context has not.
func (f *flight) verdict(err error, reason Kind, now time.Time) verdict {
	switch {
	case err == nil:
		return isGood
	case reason == KindNone || f.collector.Shared: // The error has another reason, because a shared collector cannot see its context.
		return isBad
	case reason == KindTimeout && (f.overran.Load() || f.pass.isFair(now.Sub(f.start))):
		return isBad
	default:
		return isNeither
	}
}

// afterDeadline returns the error of a run that returns when its context may be done. The collector may
// have given up halfway without an error, or with one that does not name the reason.
func afterDeadline(ctx context.Context, err error) error {
	switch reason := ctx.Err(); {
	case reason == nil || errors.Is(err, reason):
		return err
	case err == nil:
		return reason
	default:
		return fmt.Errorf("%w: %w", reason, err)
	}
}

var errPreempted = errors.New("its client took so long to read that another scrape did not get this collector before its deadline")
