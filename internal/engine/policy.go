package engine

import (
	"errors"
	"time"

	"golang.org/x/time/rate"

	"github.com/luxfi/metric/internal/model"
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
	// Background is how often the collector is run without a scrape; see StartBackground.
	// No scrape starts a run then: it is given the last good result or, before there is
	// one, waits for the first run. If the last run has failed, the scrape is given that
	// failure together with the last good result, whatever its age is unless Stale is set. It
	// cannot be combined with Cache.
	Background time.Duration
	Breaker    *Breaker
	Rate       *rate.Limiter // Of runs.
	Group      *Group
	// Timeout is how long a run may take.
	Timeout time.Duration

	// Priority orders the start of collectors that wait for a place. The highest
	// come first.
	Priority int
}

// result is what a good run has given. It is immutable.
type result struct {
	samples []model.Sample
	dropped Dropped
	at      time.Time
}

// keptLimit is how long a run that belongs to its collector, which has no limit, goes on
// without a scrape that waits for it.
const keptLimit = time.Minute

// shares reports whether scrapes that overlap share a run.
func (c *Collector) shares() bool { return c.Shared || c.KeepsResults() }

// limit returns how long a run may take by itself, 0 if there is no limit.
func (c *Collector) limit() time.Duration {
	switch p := c.Policy; {
	case p == nil:
		return 0
	case p.Timeout == 0 && c.background != nil:
		return max(p.Background, minLimit)
	default:
		return p.Timeout
	}
}

// KeepsResults reports whether good results are kept for other scrapes. Such a collector
// writes to a buffer: a Job must not give it a sink.
func (c *Collector) KeepsResults() bool {
	return c.Policy != nil && (c.Policy.Cache > 0 || c.Policy.Stale > 0 || c.Policy.Background > 0)
}

// cached returns the outcome of a scrape that needs no run, or nil.
func (c *Collector) cached(now time.Time) *Outcome {
	if c.Policy == nil || c.last == nil {
		return nil
	}
	age := now.Sub(c.last.at)
	if age >= c.Policy.Cache {
		return nil
	}
	return &Outcome{Samples: c.last.samples, Dropped: c.last.dropped, Source: FromCache, Age: age}
}

// orStale returns o, or the last good result in its place if o is a failure.
func (c *Collector) orStale(o Outcome, now time.Time) Outcome {
	if o.Err == nil || c.Policy == nil || c.last == nil {
		return o
	}
	age := now.Sub(c.last.at)
	unbounded := c.background != nil && c.Policy.Stale == 0
	if age > c.Policy.Stale && !unbounded {
		return o
	}
	o.Samples, o.Dropped, o.Source, o.Age = c.last.samples, c.last.dropped, FromStale, age
	return o
}

// refuses returns why no run may be started now, if so. It changes nothing.
func (c *Collector) refuses(s *Scrape, now time.Time) error {
	switch p := c.Policy; {
	case p == nil:
	case p.Breaker != nil && p.Breaker.refuses(now):
		return ErrBreakerOpen
	case p.Rate != nil && p.Rate.TokensAt(now) < 1:
		return ErrRateLimited
	case p.Group != nil:
		return p.Group.refuses(s, now)
	}
	return nil
}

// acquire takes what a run needs, and reports whether it was all there. The place is that in
// the group, if there is one.
func (c *Collector) acquire(now time.Time) (in *place, ok bool) {
	p := c.Policy
	if p == nil {
		return nil, true
	}
	if p.Group != nil {
		if in = p.Group.tryAcquire(now); in == nil {
			return nil, false
		}
	}
	if p.Breaker != nil {
		p.Breaker.started(now)
	}
	if p.Rate != nil {
		p.Rate.AllowN(now, 1)
	}
	return in, true
}

// verdict is what the end of a run, or that it was left behind, says about its collector.
type verdict int

const (
	isGood    verdict = iota
	isBad             // It has failed, or taken too long.
	isNeither         // It was ended too early to tell.
)

// judge tells the breaker about a run, once for each.
func (f *flight) judge(v verdict, now time.Time) {
	p := f.collector.Policy
	if f.judged || p == nil || p.Breaker == nil {
		return
	}
	f.judged = true
	switch v {
	case isGood:
		p.Breaker.succeeded()
	case isBad:
		p.Breaker.failed(now)
	default:
		p.Breaker.gaveUp()
	}
}

// endProbe lets another run be the probe of a half-open breaker.
func (f *flight) endProbe() {
	if p := f.collector.Policy; p != nil && p.Breaker != nil {
		p.Breaker.gaveUp()
	}
}

// isFair reports whether the run has had enough time to be called a failure now.
func (f *flight) isFair(now time.Time) bool {
	p := f.collector.Policy
	return p == nil || p.Breaker == nil || p.Breaker.isFair(now.Sub(f.start))
}

// keep keeps the result of a good run.
func (f *flight) keep() {
	c := f.collector
	if f.err == nil && f.buffer != nil && c.KeepsResults() {
		samples, dropped := f.buffer.Snapshot()
		c.last = &result{samples, dropped, f.end}
	}
}
