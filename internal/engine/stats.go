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
	KindTimeout      // The deadline of the scrape or the collector's own limit has passed.
	KindCanceled     // The client has gone away.
	KindStillRunning // An earlier run has not returned.
	KindBreakerOpen
	KindRateLimited
	kinds
)

// KindOf returns the kind of failure that err is. It calls methods of err, which may be user code and even
// panic, so it must not be called with a lock held.
func KindOf(err error) Kind {
	if err == nil {
		return KindNone
	}
	kind := KindError
	_ = Try(func() error { // An error that panics is a KindError.
		kind = kindOf(err)
		return nil
	})
	return kind
}

func kindOf(err error) Kind {
	var panicked *PanicError // errors.As makes it escape.
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

// FailureKinds returns all kinds except [KindNone].
func FailureKinds() []Kind {
	all := make([]Kind, 0, kinds-1)
	for k := KindError; k < kinds; k++ {
		all = append(all, k)
	}
	return all
}

// Stats holds the statistics of a collector since it was registered.
type Stats struct {
	Runs         uint64        // runs started
	Failures     [kinds]uint64 // scrapes that got a failure, by kind
	Dropped      uint64        // samples that could not be used
	CacheHits    uint64
	StaleServes  uint64
	WaitTotal    time.Duration // total time before runs were started
	LastStart    time.Time     // zero if the collector never ran
	LastEnded    time.Time     // start of the run that LastDuration, LastSamples and LastRunErr are about
	LastDuration time.Duration
	LastLimit    time.Duration // how long the last run may take or might have taken; 0 if it has no deadline
	LastSamples  int           // includes the series of families that came as a whole
	LastErr      error         // error of the last scrape
	LastRunErr   error         // error of the last scrape with a run: it explains why there may be no run now
	Since        time.Time     // when LastErr last changed between nil and non-nil; zero before the first scrape

	expected int // samples that the next run is expected to send one by one

	// The following fields describe the present state.
	Running      int       // runs that have not returned
	RunningSince time.Time // start of the oldest of them
	Stuck        int       // number of them that have outlived a scrape
	StuckSince   time.Time // when the last of these did
	LastGood     time.Time // when the kept result was made; zero if none is kept
	Breaker      BreakerState
	BreakerTrips uint64
}

// count adds the outcome of one scrape. f is the run for the scrape, or nil if it had none.
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

// SetResult sets LastErr, and sets Since if the result has changed between success and failure.
func (s *Stats) SetResult(err error, now time.Time) {
	if s.Since.IsZero() || (err == nil) != (s.LastErr == nil) {
		s.Since = now
	}
	s.LastErr = err
}

// countRun records the outcome of a run.
func (s *Stats) countRun(o *Outcome, f *flight) {
	s.LastEnded = f.start
	s.LastRunErr = o.Err
	s.LastDuration = o.Duration
	s.LastSamples, s.expected = o.Count(), len(o.Samples)
}

// countBackground adds an attempt to run a collector in the background. f is its run, or nil if it had
// none. Scrapes count what they get of the result.
func (s *Stats) countBackground(o *Outcome, f *flight) {
	s.WaitTotal += o.Wait
	if f != nil {
		s.Dropped += uint64(o.Dropped.Count())
		s.countRun(o, f)
	}
}

// Amount is what the engine does not see of one collector in a scrape: samples that a run has written to
// the sink of its job, and samples that were left out afterwards.
type Amount struct {
	Of      *Collector
	Samples int
	Dropped int
}

// Account adds amounts to the statistics of their collectors. It takes many at once because each call may
// have to wait for the mutex.
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

// Stats returns the statistics of collectors, all as of the same moment.
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
