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
	collector *Collector
	sink      Sink
	buffer    *Buffer       // The sink, if the caller has not given one.
	done      chan struct{} // Closed when the run has returned.
	err       error         // Valid when done is closed.
	start     time.Time
	end       time.Time // Valid when done is closed.

	// The following are guarded by the engine's mutex.
	waiters int         // Scrapes that wait for it.
	counted bool        // It counts in Engine.running.
	overdue bool        // It counts in Collector.overdue.
	grace   *time.Timer // It counts in Collector.leaving, if this is not nil.
}

// tryStart starts or joins a run. It returns nil and nil if the job has to wait. The
// engine's mutex is held.
func (e *Engine) tryStart(ctx context.Context, job Job) (*flight, error) {
	c := job.Collector
	switch {
	case c.overdue > 0:
		return nil, ErrStillRunning
	case c.joinable != nil:
		c.joinable.waiters++
		return c.joinable, nil
	case c.leaving > 0, c.flights >= maxOverlap, e.Concurrency > 0 && e.running >= e.Concurrency:
		return nil, nil
	}
	f := &flight{collector: c, sink: job.Sink, done: make(chan struct{}), start: time.Now(), waiters: 1, counted: true}
	if f.sink == nil {
		f.buffer = &Buffer{}
		f.sink = f.buffer
	}
	if e.flights == nil {
		e.flights = make(map[*flight]struct{})
	}
	e.flights[f] = struct{}{}
	e.running++
	c.flights++
	if c.Shared {
		c.joinable = f
		ctx = context.WithoutCancel(ctx)
	}
	goTry(func() error {
		return afterDeadline(ctx, c.Run(ctx, f.sink))
	}, func(err error) {
		if job.Sink != nil {
			job.Sink.Close()
		}
		e.finish(f, err)
	})
	return f, nil
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

// finish is called by the run's goroutine when the run has returned.
func (e *Engine) finish(f *flight, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := f.collector
	f.err, f.end = err, time.Now()
	delete(e.flights, f)
	c.flights--
	if f.overdue {
		c.overdue--
	}
	if c.joinable == f {
		c.joinable = nil
	}
	e.endGrace(f)
	e.uncount(f)
	e.wakeAll()
	close(f.done)
}

// await waits until the run has returned or ctx is done.
func (e *Engine) await(ctx context.Context, f *flight) (o Outcome) {
	select {
	case <-f.done:
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			o.Err = fmt.Errorf("did not finish in time: %w", ctx.Err())
		}
	}
	if f.buffer != nil {
		o.Samples, o.Dropped = f.buffer.Snapshot()
	}
	if o.Err != nil {
		o.Duration = time.Since(f.start)
		e.leave(f, ctx.Err())
	} else {
		o.Duration, o.Err = f.end.Sub(f.start), f.err
	}
	if !f.collector.Shared {
		f.sink.Close()
	}
	return o
}

// leave is for a scrape whose context ended with err before the run returned. A
// shared run that a client has turned away from, rather than one whose deadline has
// passed, stays open to others.
func (e *Engine) leave(f *flight, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.waiters--
	if _, underWay := e.flights[f]; !underWay {
		return
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e.markOverdue(f)
	case f.waiters > 0:
		return
	case !f.collector.Shared:
		e.startGrace(f)
	case f.overdue:
		f.buffer.Close()
	}
	e.uncount(f)
	e.wakeAll()
}

// markOverdue is for a run that has outlived a scrape. Nobody joins it any more, and
// its collector is not started again before it returns.
func (e *Engine) markOverdue(f *flight) {
	if !f.overdue {
		f.overdue = true
		f.collector.overdue++
	}
	if f.collector.Shared && f.waiters == 0 {
		f.buffer.Close() // It must not grow forever, unseen.
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
	}
}
