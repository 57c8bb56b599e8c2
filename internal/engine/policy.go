package engine

import (
	"errors"
	"time"
)

// ErrRateLimited reports that a collector was not started because that would have been
// more often than it may be.
var ErrRateLimited = errors.New("it may not run that often (rate limit)")

// Policy is how one collector is run beyond what the engine does for all. A field that
// is zero asks for nothing. Outermost first, they apply in the order of the fields:
// what is inside does not notice what is decided outside.
type Policy struct {
	// Stale is how old the last good result may be that a scrape is given if there
	// is no new one: because the run has failed or has not finished, or because
	// there was none. The outcome keeps its error.
	Stale time.Duration
	// Cache is how old a good result may be that a scrape is given instead of a
	// run. Scrapes that overlap share a run, even if the collector can see its context.
	//
	// With Cache or Stale a run belongs to the collector, not to the scrape that has
	// started it: it goes on to its own limit, or for keptLimit, and later scrapes get the
	// result.
	Cache time.Duration
	// Background is how often the collector is run without a scrape, or nil; see StartBackground.
	// No scrape starts a run then: it is given the last good result or, before there is
	// one, waits for the first run. If the last run has failed, the scrape is given that
	// failure together with the last good result, whatever its age is unless Stale is set. It
	// cannot be combined with Cache.
	Background Schedule
	Breaker    Fuse    // A *Breaker, or nil.
	Rate       Limiter // Of runs; nil if there is no limit.
	Group      Places  // Of a *Group; nil if the collector is in none.
	// Timeout is how long a run may take.
	Timeout time.Duration

	// Priority orders the start of collectors that wait for a place. The highest
	// come first.
	Priority int
}

// result is what a good run has given. It is immutable.
type result struct {
	Given

	at time.Time
}

// keptLimit is how long a run that belongs to its collector, which has no limit, goes on
// without a scrape that waits for it.
const keptLimit = time.Minute

// Fuse is a *Breaker, which explains the methods. Programs without breakers do not contain it.
type Fuse interface {
	meet(patience time.Duration, now time.Time)
	refuses(now time.Time) bool
	started(now time.Time)
	isFair(given time.Duration) bool
	judge(v verdict, now time.Time)
	report(s *Stats, now time.Time)
}

// Places is a *Group, which explains the methods. Programs without groups do not contain it.
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

// Limiter is a *rate.Limiter. Programs that limit no rates do not contain it.
type Limiter interface {
	TokensAt(t time.Time) float64
	AllowN(t time.Time, n int) bool
}
