package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// await waits until the run has returned, the scrape is over, or the collector's own limit and the time to
// return after it have passed. If the scrape is over first, the caller must still leave the run; see
// [Engine.leave].
func (e *Engine) await(s *starter, f *flight, joined bool) (o Outcome) {
	var tooLong <-chan time.Time
	if joined && s.scrape.timeAllowed == 0 {
		timer := time.NewTimer(maxJoin)
		defer timer.Stop()
		tooLong = timer.C
	}
	returned, limited := s.wait(f, tooLong)
	var deadline bool
	switch {
	case returned || limited:
	case isClosed(s.scrape.done) || s.scrape.timeAllowed > 0:
		var reason error
		reason, deadline = s.scrape.endReason()
		o.Err = fmt.Errorf("did not finish in time: %w", reason)
	default:
		o.Err = fmt.Errorf("waited %v for a run that was under way: %w", maxJoin, ErrStillRunning)
	}
	if f.hasOverrun() { // even if it has returned since
		var err error
		if returned {
			err = f.err
		}
		o.Err = f.atLimit(err)
	}
	switch {
	case f.buffer == nil:
	case returned && o.Err == nil && !f.joined && !f.collector.KeepsResults():
		o.memory, o.Given = f.buffer.take()
	default: // Other scrapes may get the samples, too, or the run may write more.
		o.Given = f.buffer.Snapshot()
		if f.buffer.origins {
			o.Samples = withoutOrigins(o.Samples)
		}
	}
	if returned {
		if o.Duration = f.end.Sub(f.start); o.Err == nil {
			o.Err = f.err
		}
	} else {
		o.Duration = time.Since(f.start)
		l := leaving{f, deadline || limited, s.watch.over}
		if !limited { // The scrape is over for all its runs, and leaves them together.
			f.limitDuration(&o)
			s.leaving = append(s.leaving, l)
			return o
		}
		e.leave(s.scrape, l) // Leaving now frees the place for others.
	}
	f.limitDuration(&o)
	if !f.shared {
		f.sink.Close()
	}
	return o
}

// maxJoin is how long a scrape without a deadline waits for a run that another scrape has started. There must
// be a limit, because the scrape may be part of that run: if a collector gathers from the registry that runs
// it, and cannot see its context, it waits for itself.
const maxJoin = 10 * time.Minute

// wait waits for a run until tooLong receives a value. It reports whether the run has returned and, if not,
// whether the collector's own limit ended the wait.
func (s *starter) wait(f *flight, tooLong <-chan time.Time) (returned, limited bool) {
	for {
		switch {
		case isClosed(f.done):
			return true, false
		case isClosed(f.limit):
			return false, true
		case s.watch.over:
			return false, false
		}
		select {
		case <-f.done:
		case <-f.limit:
		case <-tooLong:
			return false, false
		case <-s.watch.alarm():
			s.watch.check()
		case <-s.scrape.done:
			if !s.listenOn(f) {
				return isClosed(f.done), false
			}
		}
	}
}

// listenOn waits a little longer, after the scrape's context was canceled, for a run that can see the end
// of that context. It reports whether the run has returned.
func (s *starter) listenOn(f *flight) bool {
	if f.collector.Shared || f.shared {
		return false
	}
	if _, deadline := s.scrape.endReason(); deadline {
		return false // The run's own context ended earlier.
	}
	if s.lastWait == nil {
		s.lastWait = time.After(lastWait)
	}
	if f.cancel != nil {
		f.cancel()
	}
	select {
	case <-f.done:
		return true
	case <-s.lastWait:
		s.lastWait = expired
		return false
	}
}

// expired is a channel that is always ready to receive from.
var expired = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// hasOverrun reports whether the run has passed its collector's own limit.
func (f *flight) hasOverrun() bool { return f.overran.Load() && f.collector.Gate.limit() > 0 }

// limitDuration caps the duration of a run that has passed its limit, since no scrape waited longer.
func (f *flight) limitDuration(o *Outcome) {
	if f.hasOverrun() {
		o.Duration = min(o.Duration, f.collector.Gate.limit())
	}
}

// atLimit returns the error of a run that has passed its collector's own limit. err is the error that the
// run has returned, or nil if the run succeeded or is still under way.
func (f *flight) atLimit(err error) error {
	limit := fmt.Errorf("did not finish within its own limit of %v: %w", f.collector.Gate.limit(), context.DeadlineExceeded)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", limit, err)
	}
	return limit
}
