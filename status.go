package metric

import (
	"slices"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// BreakerState is the state of a circuit breaker; see WithBreaker.
type BreakerState = engine.BreakerState

// The states of a circuit breaker.
const (
	BreakerClosed   = engine.BreakerClosed   // The collector is run.
	BreakerOpen     = engine.BreakerOpen     // It rests.
	BreakerHalfOpen = engine.BreakerHalfOpen // The next run, or the one under way, decides.
)

// CollectorStatus is how a registered collector does. It is a copy, which belongs to the
// caller.
type CollectorStatus struct {
	Name string
	// Kind is "instrument", "function", "collector", "collector with context",
	// "stream collector", "gatherer" or "registry".
	Kind     string
	Policies []string // What was asked for, for example "cache 1m0s".

	// The last run, if there was one. Series counts its samples, and for an
	// instrument those that it has now.
	LastStart    time.Time
	LastDuration time.Duration
	Series       int
	LastError    error // Of the last scrape that was not served from the cache, or attempt to run it in the background; nil if it was good.
	LastRunError error // Of the last run: the cause, where LastError is that there was none.

	// How things are now. Times are zero if it does not apply.
	Running      int       // Runs under way.
	RunningSince time.Time // Start of the oldest of them.
	StuckSince   time.Time // When a run under way outlived its scrape.
	LastGood     time.Time // When the result was made that WithCache, WithBackground and WithStale keep.
	Breaker      BreakerState
	Group        *GroupStatus // Nil if it is in none.

	// Counts since registration.
	Runs         uint64 // Runs started.
	Failures     uint64 // Scrapes without a good result. They include the next three.
	Panics       uint64
	Timeouts     uint64 // Scrapes whose deadline, or the collector's own, has passed.
	RateLimited  uint64
	CacheHits    uint64 // Scrapes served from the cache.
	StaleServes  uint64 // Scrapes served an earlier result, because there was no new one.
	Dropped      uint64 // Samples that were left out.
	BreakerTrips uint64
}

// Status tells how all collectors do, in the order of their registration. It is one
// consistent picture, runs nobody else's code, and never waits for a scrape. It is safe
// for concurrent use.
func (r *ContextRegistry) Status() []CollectorStatus {
	if r.check() != nil {
		return nil
	}
	r.mu.Lock()
	entries := append([]*entry(nil), r.entries...)
	r.mu.Unlock()

	collectors := make([]*engine.Collector, 0, len(entries))
	for _, e := range entries {
		if e.run != nil {
			collectors = append(collectors, e.run)
		}
	}
	stats := r.engine.Stats(collectors)
	all := make([]CollectorStatus, len(entries))
	for i, e := range entries {
		all[i] = CollectorStatus{Name: e.name, Kind: e.binding.kind, Policies: slices.Clone(e.policies)}
		switch {
		case e.run != nil:
			all[i].fill(&stats[0])
			stats = stats[1:]
			if p := e.run.Policy; p != nil && p.Group != nil {
				all[i].Group = new(groupStatus(p.Group))
			}
		case e.binding.source != nil:
			all[i].Series = e.binding.source.Series().Len()
		}
	}
	return all
}

func (c *CollectorStatus) fill(s *engine.Stats) {
	c.LastStart, c.LastDuration, c.Series = s.LastStart, s.LastDuration, s.LastSamples
	c.LastError, c.LastRunError = s.LastErr, s.LastRunErr
	c.Running, c.RunningSince, c.StuckSince, c.LastGood = s.Running, s.RunningSince, s.StuckSince, s.LastGood
	c.Breaker, c.BreakerTrips = s.Breaker, s.BreakerTrips
	c.Runs, c.CacheHits, c.StaleServes, c.Dropped = s.Runs, s.CacheHits, s.StaleServes, s.Dropped
	for _, kind := range engine.FailureKinds() {
		c.Failures += s.Failures[kind]
	}
	c.Panics = s.Failures[engine.KindPanic]
	c.Timeouts = s.Failures[engine.KindTimeout]
	c.RateLimited = s.Failures[engine.KindRateLimited]
}
