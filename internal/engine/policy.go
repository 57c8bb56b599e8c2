package engine

import (
	"errors"
	"time"
)

// ErrRateLimited reports that a collector was not started because it would have run more often than its
// rate limit allows.
var ErrRateLimited = errors.New("it may not run that often (rate limit)")

// Policy configures how one collector is run, beyond what the engine does for all. A zero field asks for
// nothing. The policies apply in the order of the fields, outermost first: an inner policy does not notice
// the decisions of an outer one.
type Policy struct {
	// Stale is the maximum age of the last good result that a scrape gets if there is no new one, because
	// the run failed, did not finish or was not started. The outcome keeps its error.
	Stale time.Duration
	// Cache is the maximum age of a good result that a scrape gets in place of a run. Overlapping scrapes
	// share a run, even if the collector can see its context.
	//
	// With Cache or Stale, a run belongs to the collector, not to the scrape that has started it. It goes
	// on to the collector's own limit, or for keptLimit, and later scrapes get the result.
	Cache time.Duration
	// Background is how often the collector runs without a scrape, or nil; see [Engine.StartBackground].
	// Scrapes then start no run. A scrape gets the last good result or, before there is one, waits for the
	// first run. If the last run has failed, the scrape gets that failure together with the last good
	// result. The age of that result is not limited unless Stale is set. Background cannot be combined with
	// Cache.
	Background Schedule
	Breaker    Circuit // *Breaker, or nil
	Rate       Limiter // limit on the rate of runs, or nil
	Group      Places  // *Group of the collector, or nil
	// Timeout is the collector's own limit on the duration of a run.
	Timeout time.Duration

	// Priority orders the collectors that wait for a place. The highest start first.
	Priority int
}

// result is the result of a good run. It is immutable.
type result struct {
	Given

	at time.Time
}

// keptLimit is how long a run that belongs to a collector without a limit goes on while no scrape waits for
// it.
const keptLimit = time.Minute

// Circuit is implemented by *[Breaker]; see there for the methods. The interface keeps breakers out of
// programs that use none.
type Circuit interface {
	noteTimeAllowed(timeAllowed time.Duration, now time.Time)
	refuses(now time.Time) bool
	started(now time.Time)
	isFair(given time.Duration) bool
	judge(v verdict, now time.Time)
	report(s *Stats, now time.Time)
}

// Places is implemented by *[Group]; see there for the methods. The interface keeps groups out of programs
// that use none.
type Places interface {
	Stats() GroupStats

	isFull() bool
	tryAcquire(now time.Time) *place
	release(p *place)
	markOverdue(p *place, pastLimit bool)
	wake()
	refuses(s *Scrape, now time.Time) error
	wait(wake chan struct{})
	stopWaiting(wake chan struct{})
	whyFull() string
}

// Limiter is implemented by *rate.Limiter. The interface keeps that package out of programs that limit no
// rates.
type Limiter interface {
	TokensAt(t time.Time) float64
	AllowN(t time.Time, n int) bool
}
