package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxOverlap is how many runs of one context-aware collector may be under way at
// once, for scrapes that overlap: enough for a pair of Prometheus servers. Further
// scrapes wait, under their own contexts.
const maxOverlap = 2

// cancelGrace is how long a run that was cancelled, because its client has gone away,
// has for returning. A scrape that comes meanwhile waits, rather than fail: whoever
// reloads a page cancels one scrape and starts the next in the same moment.
const cancelGrace = 100 * time.Millisecond

// flight is one run under way.
type flight struct {
	engine    *Engine
	collector *Collector
	ctx       runContext
	release   func() // Of what the context holds.
	sink      Sink
	shared    bool          // Others may join it.
	buffer    *Buffer       // The sink, if the caller has not given one.
	cancel    func()        // Ends the context of a run that scrapes share.
	limit     chan struct{} // Closed at the collector's own limit if the run has not returned; nil if there is none.
	done      chan struct{} // Closed when the run has returned.
	err       error         // Valid when done is closed.
	start     time.Time
	end       time.Time // Valid when done is closed.

	// The following are guarded by the engine's mutex.
	fresh   bool        // Whoever has launched it does not know yet.
	waiters int         // Scrapes that wait for it.
	joined  bool        // There were several of them. It does not change once done is closed.
	counted bool        // It counts in Engine.running, and has its place in a group.
	overdue bool        // It counts in Collector.overdue.
	grace   *time.Timer // It counts in Collector.leaving, if this is not nil.
	limiter *time.Timer // Closes limit; nil if there is none.
	judged  bool        // The breaker knows how it ended.

	preempted bool // Its sink was closed, since it kept another scrape from starting its collector.
}

// tryStart starts or joins a run, or returns an outcome without one. It returns nil
// and nil if the job has to wait. The engine's mutex is held.
func (e *Engine) tryStart(ctx context.Context, job Job, now time.Time, late *latecomers) (*flight, *Outcome) {
	if f, o := e.tryWithout(job, now); f != nil || o != nil {
		return f, o
	}
	c := job.Collector
	if c.leaving > 0 || c.flights >= maxOverlap || !e.hasPlace(c) || !c.acquire(now) {
		return nil, nil
	}
	return e.launch(ctx, job, now, late), nil
}

// tryWithout is what tryStart does before it starts a run.
func (e *Engine) tryWithout(job Job, now time.Time) (*flight, *Outcome) {
	c := job.Collector
	if o := c.cached(now); o != nil {
		return nil, o
	}
	switch {
	case c.isOverdue():
		return nil, &Outcome{Err: ErrStillRunning}
	case c.joinable != nil && (c.shares() || job.Share):
		c.joinable.waiters++
		c.joinable.joined = true
		return c.joinable, nil
	}
	if err := c.refuses(now); err != nil {
		return nil, &Outcome{Err: err}
	}
	return nil, nil
}

// isOverdue tells whether a run has outlived its scrape, in this registration or an
// earlier one. It may be called on nil.
func (c *Collector) isOverdue() bool {
	return c != nil && (c.overdue > 0 || c.isOverdueElsewhere() || c.Earlier.isOverdue())
}

// launch makes a run, which the caller has to have run without the engine's mutex, which
// is held here.
func (e *Engine) launch(ctx context.Context, job Job, now time.Time, late *latecomers) *flight {
	c := job.Collector
	f := &flight{engine: e, collector: c, sink: job.Sink, done: make(chan struct{}), start: now, fresh: true, waiters: 1, counted: true}
	if f.sink == nil {
		f.buffer = newBuffer(c.stats.LastSamples)
		f.buffer.origins = job.Origins && !c.KeepsResults()
		f.sink = f.buffer
	}
	if e.flights == nil {
		e.flights = make(map[*flight]struct{})
	}
	e.flights[f] = struct{}{}
	e.running++
	c.flights++
	c.stats.Runs++
	c.Earlier = nil // It has returned.
	c.stats.LastStart = now
	f.release = func() {}
	if f.shared = c.shares() || job.Share; f.shared {
		c.joinable = f
		ctx, f.cancel = detach(ctx, !c.shares())
		f.release = f.cancel
	}
	if c.Policy != nil && c.Policy.Timeout > 0 {
		ctx, f.release = context.WithTimeout(ctx, c.Policy.Timeout)
		f.limit = make(chan struct{})
		f.limiter = time.AfterFunc(c.Policy.Timeout, func() { e.passLimit(f) })
	}
	f.ctx.Context = ctx
	f.ctx.run.expected, f.ctx.run.late = c.stats.LastSamples, late
	f.ctx.run.of, f.ctx.run.outer = c, ctx
	return f
}

// run runs the collector. However that ends, by returning, by a panic or by
// runtime.Goexit, after which run does not return either, the end is made known.
func (f *flight) run() {
	err := errGoexit
	defer func() {
		if f.buffer == nil {
			f.sink.Close()
		}
		f.engine.finish(f, err, f.ctx.Err())
		f.release() // Not before, either.
	}()
	err = presentable(Try(func() error {
		err := f.collector.Run(&f.ctx, f.sink)
		if !f.collector.Shared {
			err = afterDeadline(&f.ctx, err)
		}
		return err
	}))
}

// detach returns a context with the values of ctx, and with its deadline if that is asked
// for, but which does not end when ctx is cancelled.
func detach(ctx context.Context, keepDeadline bool) (context.Context, context.CancelFunc) {
	detached := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok && keepDeadline {
		return context.WithDeadline(detached, deadline)
	}
	return context.WithCancel(detached)
}

// afterDeadline returns the error of a run that returns when its context may be done:
// it may have given up halfway without a word, or without naming the reason.
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

// finish is called by the run's goroutine when the run has returned with err. reason is
// why its context has ended, if it has.
func (e *Engine) finish(f *flight, err, reason error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := f.collector
	if f.preempted && err != nil {
		err = fmt.Errorf("%w: %w", errPreempted, err)
	}
	f.err, f.end = err, time.Now()
	if f.limiter != nil {
		f.limiter.Stop()
	}
	f.keep()
	f.judge(err, f.waiters == 0 || errors.Is(reason, context.Canceled)) // The run may know of that before its scrape does.
	delete(e.flights, f)
	c.flights--
	if f.overdue {
		c.addOverdue(-1)
	}
	if c.joinable == f {
		c.joinable = nil
	}
	e.endGrace(f)
	e.uncount(f)
	e.wakeAll()
	close(f.done)
	if f.cancel != nil {
		f.cancel() // Not before: the end of the context would look like the collector's own limit.
	}
}

// passLimit is called at the collector's own limit, whatever its scrapes are waiting for
// then: a place for another collector, or a run that the client reads at the same time.
func (e *Engine) passLimit(f *flight) {
	e.mu.Lock()
	_, underWay := e.flights[f]
	if underWay {
		close(f.limit)
		f.judge(context.DeadlineExceeded, false)
		e.markOverdue(f)
		e.wakeAll()
	}
	e.mu.Unlock()
	if underWay && f.buffer == nil {
		f.sink.Close()
	}
}

// await waits until the run has returned, ctx is done or the collector's own limit has
// passed.
func (e *Engine) await(ctx context.Context, f *flight) (o Outcome) {
	switch {
	case isClosed(f.limit): // Even if it has returned since.
		o.Err = f.atLimit()
	case isClosed(f.done):
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			o.Err = fmt.Errorf("did not finish in time: %w", ctx.Err())
		case <-f.limit:
			o.Err = f.atLimit()
		}
	}
	switch {
	case f.buffer == nil:
	case o.Err == nil && !f.joined && !f.collector.KeepsResults():
		o.memory, o.Dropped = f.buffer.take()
		o.Samples = o.memory.all()
	default: // Other scrapes may get the samples, too, or the run may write more.
		o.Samples, o.Dropped = f.buffer.Snapshot()
		if f.buffer.origins {
			o.Samples = withoutOrigins(o.Samples)
		}
	}
	if o.Err != nil {
		o.Duration = time.Since(f.start)
		if isClosed(f.limit) {
			o.Duration = f.collector.Policy.Timeout
		}
		e.leave(f, o.Err)
	} else {
		o.Duration, o.Err = f.end.Sub(f.start), f.err
	}
	if !f.shared && !f.collector.KeepsResults() {
		f.sink.Close()
	}
	return o
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// atLimit returns the error of a run that has passed its collector's own limit.
func (f *flight) atLimit() error {
	return fmt.Errorf("did not finish within its own limit of %v: %w", f.collector.Policy.Timeout, context.DeadlineExceeded)
}

// leave is for a scrape that ends with err before the run returned. A shared run that
// a client has turned away from, rather than one whose deadline has passed, stays open
// to others if it cannot see its context.
func (e *Engine) leave(f *flight, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.waiters--
	if _, underWay := e.flights[f]; !underWay {
		return
	}
	c := f.collector
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		f.judge(err, f.waiters == 0)
		e.markOverdue(f)
	case f.waiters > 0:
		return
	case !c.Shared:
		f.judge(err, f.waiters == 0)
		if c.joinable == f {
			c.joinable = nil
		}
		if f.cancel != nil {
			f.cancel()
		}
		e.startGrace(f)
	case f.overdue && !c.KeepsResults():
		f.buffer.Close()
	}
	e.uncount(f)
	e.wakeAll()
}

// markOverdue is for a run that has outlived a scrape, or its own limit. Nobody joins
// it any more, and its collector is not started again before it returns.
func (e *Engine) markOverdue(f *flight) {
	c := f.collector
	if !f.overdue {
		f.overdue = true
		c.addOverdue(1)
		c.stats.StuckSince = time.Now()
	}
	if f.shared && f.waiters == 0 {
		f.cancel()
		if !c.KeepsResults() {
			f.buffer.Close() // It must not grow forever, unseen.
		}
	}
	e.uncount(f)
}

func (e *Engine) startGrace(f *flight) {
	f.collector.leaving++
	f.grace = time.AfterFunc(cancelGrace, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if f.grace != nil {
			e.endGrace(f)
			e.markOverdue(f)
			e.wakeAll()
		}
	})
}

func (e *Engine) endGrace(f *flight) {
	if f.grace != nil {
		f.grace.Stop()
		f.grace = nil
		f.collector.leaving--
	}
}

func (e *Engine) uncount(f *flight) {
	if f.counted {
		f.counted = false
		e.running--
		if p := f.collector.Policy; p != nil && p.Group != nil {
			p.Group.release()
		}
	}
}
