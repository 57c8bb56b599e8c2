package engine

import (
	"context"
	"errors"
	"time"
)

// Kind is a kind of failure.
type Kind int

// The kinds of failures.
const (
	KindNone Kind = iota
	KindError
	KindPanic
	KindTimeout      // A deadline has passed: of the scrape, or its own.
	KindCanceled     // The client has gone away.
	KindStillRunning // An earlier run has not returned.
	KindBreakerOpen
	KindRateLimited
	kinds
)

// KindOf returns what kind of failure err is. It asks err, which may be somebody else's
// and even panic: it must not be called with a lock held.
func KindOf(err error) Kind {
	if err == nil {
		return KindNone
	}
	kind := KindError
	_ = Try(func() error { // An error that panics is of no other kind.
		kind = kindOf(err)
		return nil
	})
	return kind
}

func kindOf(err error) Kind {
	var panicked *PanicError // It escapes.
	switch {
	case errors.Is(err, ErrStillRunning):
		return KindStillRunning
	case errors.Is(err, ErrBreakerOpen):
		return KindBreakerOpen
	case errors.Is(err, ErrRateLimited):
		return KindRateLimited
	case errors.As(err, &panicked):
		return KindPanic
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	case errors.Is(err, context.Canceled):
		return KindCanceled
	default:
		return KindError
	}
}

// String returns the kind as a label value.
func (k Kind) String() string {
	return [...]string{"none", "error", "panic", "timeout", "canceled", "still_running", "breaker_open", "rate_limited"}[k]
}

// FailureKinds returns all kinds but KindNone.
func FailureKinds() []Kind {
	all := make([]Kind, 0, kinds-1)
	for k := KindError; k < kinds; k++ {
		all = append(all, k)
	}
	return all
}

// Stats is the account of a collector since it was registered.
type Stats struct {
	Runs         uint64        // That were started.
	Failures     [kinds]uint64 // Of scrapes, by kind.
	Dropped      uint64        // Samples that could not be used.
	CacheHits    uint64
	StaleServes  uint64
	WaitTotal    time.Duration // Before runs were started.
	LastStart    time.Time     // Zero if it never ran.
	LastEnded    time.Time     // Start of the run that LastDuration, LastSamples and LastRunErr are about.
	LastDuration time.Duration
	LastLimit    time.Duration // How long the last run may take or might have taken; 0 if it has no deadline.
	LastSamples  int           // With the series of families that came as a whole.
	LastErr      error         // Of the last scrape.
	LastRunErr   error         // Of the last scrape that there was a run for: why there may be none now.
	Since        time.Time     // When LastErr began to be nil, or not to be. Zero before the first scrape.

	expected int // Samples that the next run will probably send one by one.

	// The following tell how things are now.
	Running      int       // Runs that have not returned.
	RunningSince time.Time // Start of the oldest of them.
	Stuck        int       // Those of them that have outlived a scrape.
	StuckSince   time.Time // When the last of these did.
	LastGood     time.Time // When the result was made that is kept. Zero if there is none.
	Breaker      BreakerState
	BreakerTrips uint64
}

// count adds what one scrape was given. f is the run for it, or nil if there was none.
func (s *Stats) count(o *Outcome, f *flight, now time.Time) {
	s.Failures[o.Kind]++
	s.WaitTotal += o.Wait
	switch o.Source {
	case FromRun:
		s.Dropped += uint64(o.Dropped.Count())
	case FromCache:
		s.CacheHits++
		return
	case FromStale:
		s.StaleServes++
	case FromBackground:
	}
	s.SetResult(o.Err, now)
	if f != nil {
		s.countRun(o, f)
	}
}

// SetResult sets LastErr, and Since if the result is not of the same kind as the one before.
func (s *Stats) SetResult(err error, now time.Time) {
	if s.Since.IsZero() || (err == nil) != (s.LastErr == nil) {
		s.Since = now
	}
	s.LastErr = err
}

// countRun notes what a run has given.
func (s *Stats) countRun(o *Outcome, f *flight) {
	s.LastEnded = f.start
	s.LastRunErr = o.Err
	s.LastDuration = o.Duration
	s.LastSamples, s.expected = o.Count(), len(o.Samples)
}

// countBackground adds an attempt to run a collector in the background. f is its run, or nil if
// there was none. Scrapes count what they are given of it.
func (s *Stats) countBackground(o *Outcome, f *flight) {
	s.WaitTotal += o.Wait
	if f != nil {
		s.Dropped += uint64(o.Dropped.Count())
		s.countRun(o, f)
	}
}

// Amount is what the engine does not see of one collector in a scrape: samples that a run has
// written to the sink of its job, and those that were left out afterwards.
type Amount struct {
	Of      *Collector
	Samples int
	Dropped int
}

// Account adds to the accounts of collectors, together: each time, the mutex may have to be
// waited for.
func (e *Engine) Account(amounts []Amount) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range amounts {
		if a.Samples > 0 {
			a.Of.stats.LastSamples = a.Samples
		}
		a.Of.stats.Dropped += uint64(a.Dropped)
	}
}

// Stats returns the accounts of collectors, all as of the same moment.
func (e *Engine) Stats(collectors []*Collector) []Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for _, c := range collectors {
		c.stats.RunningSince = time.Time{}
	}
	for f := range e.flights {
		if s := &f.collector.stats; s.RunningSince.IsZero() || f.start.Before(s.RunningSince) {
			s.RunningSince = f.start
		}
	}
	all := make([]Stats, len(collectors))
	for i, c := range collectors {
		s := &all[i]
		*s = c.stats
		s.Running = len(c.flying)
		for _, f := range c.flying {
			s.Stuck += btoi(f.stage.isOverdue())
		}
		if s.Stuck == 0 {
			s.StuckSince = time.Time{}
		}
		c.Gate.report(s, now)
	}
	return all
}
