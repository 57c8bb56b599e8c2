package metric

import (
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

// CollectorStatus describes the state of a registered collector. It is a copy, which
// belongs to the caller.
type CollectorStatus struct {
	// Name is what selects the collector in a scrape; see [Selection]. That of a collector
	// in a named registry or gatherer is "name/collector".
	Name string
	// Kind is "instrument", "function", "collector", "collector with context",
	// "stream collector", "gatherer" or "registry". A loop of push.Every, which is no
	// collector and takes part in no scrape, has the kind "push" and the name "push/name".
	Kind     string
	Policies []string // What was asked for, for example "cache 1m0s".

	// The last run, if there was one. Series counts its samples, and for an
	// instrument those that it has now.
	LastStart    time.Time
	LastDuration time.Duration
	LastLimit    time.Duration // How long the run may take or might have taken: until the deadline of its scrape, or its own limit; 0 if there is neither.
	Series       int
	LastError    error     // Of the last scrape that was not served from the cache, or attempt to run it in the background; nil if it was good.
	LastRunError error     // Of the last run: the cause, where LastError is that there was none.
	Since        time.Time // When LastError began to be nil, or not to be nil; zero before the first scrape.

	// How things are now. Times are zero if it does not apply.
	Running      int       // Runs under way.
	RunningSince time.Time // Start of the oldest of them.
	StuckSince   time.Time // When a run under way outlived its scrape.
	LastGood     time.Time // When the result was made that WithCache, WithBackground and WithStale keep.
	Breaker      BreakerState
	Group        *GroupStatus // Nil if it belongs to none; see WithGroup.
	Limit        int          // How many series a vector may have; 0 if it has no limit of its own. See MetricVec.SetLimit.

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
	Overflowed   uint64 // Lookups of a vector that returned its overflow series in place of their own, since it was made; see Cardinality.
}

// Status returns the state of all collectors, in the order of their registration, each
// registry or gatherer in r followed by the collectors in it. A registry that is nested
// more than once is looked into once. The loops that push.Every shows in a registry come
// after its collectors.
//
// What it says of each registry is one consistent picture. It runs nobody else's code, and
// never waits for a scrape. It is safe for concurrent use.
func (r *ContextRegistry) Status() []CollectorStatus {
	core, err := r.open()
	if err != nil {
		return nil
	}
	states := core.Status()
	all := make([]CollectorStatus, len(states))
	for i, state := range states {
		all[i] = CollectorStatus{Name: state.Name, Kind: state.Kind, Policies: state.Policies, Series: state.Series, Limit: state.Limit, Overflowed: state.Overflowed}
		if state.Stats != nil {
			all[i].fill(state.Stats)
		}
		if group := state.Group(); group != nil {
			all[i].Group = new(groupStatus(group))
		}
	}
	return all
}

func (c *CollectorStatus) fill(s *engine.Stats) {
	c.LastStart, c.LastDuration, c.LastLimit, c.Series = s.LastStart, s.LastDuration, s.LastLimit, s.LastSamples
	c.LastError, c.LastRunError, c.Since = s.LastErr, s.LastRunErr, s.Since
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
