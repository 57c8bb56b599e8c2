package metric

import (
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// BreakerState is the state of a circuit breaker; see [WithBreaker]. Its values are [BreakerClosed],
// [BreakerOpen] and [BreakerHalfOpen].
type BreakerState int

// The states of a circuit breaker. [BreakerClosed] is the zero value, and the state of a collector
// without a breaker.
const (
	BreakerClosed   BreakerState = iota // The registry runs the collector.
	BreakerOpen                         // The collector rests until its cool-down is over.
	BreakerHalfOpen                     // The next run, or the one under way, decides.
)

// CollectorStatus describes the state of a registered collector. It is a copy that belongs to the
// caller. See [ContextRegistry.Status].
type CollectorStatus struct {
	// Name is the name by which a scrape selects the collector; see [Selection]. For a collector in
	// a named registry or gatherer, it is "name/collector".
	Name string
	// Kind is "instrument", "function", "collector", "collector with context", "stream collector",
	// "gatherer" or "registry". A loop of push.Every, which is not a collector and takes part in no
	// scrape, has the kind "push" and the name "push/name".
	Kind     string
	Policies []string // policies in force, for example "cache 1m0s"

	// The last run. Series is the number of its samples or, for an instrument, the number of series
	// that it has now.
	LastStart    time.Time
	LastDuration time.Duration
	LastLimit    time.Duration // how long the run may take: until the deadline of its scrape or its own limit; 0 without either
	Series       int
	LastError    error     // error of the last scrape that the cache did not serve, or of the last background attempt; nil if it was good
	LastRunError error     // error of the last run, which is the cause if LastError says that there was no run
	Since        time.Time // when LastError last changed to or from nil; zero before the first scrape

	// The current state. A time that does not apply is zero.
	Running      int       // number of runs under way
	RunningSince time.Time // start of the oldest run under way
	StuckSince   time.Time // when a run under way outlived its scrape
	LastGood     time.Time // time of the result that WithCache, WithBackground and WithStale keep
	Breaker      BreakerState
	Group        *GroupStatus // nil if the collector belongs to no group; see WithGroup
	Limit        int          // number of series that a vector may have; 0 without a limit of its own; see MetricVec.SetLimit

	// Counts since registration.
	Runs         uint64 // runs started
	Failures     uint64 // scrapes without a good result, including the next three
	Panics       uint64
	Timeouts     uint64 // scrapes whose deadline, or the collector's own limit, has passed
	RateLimited  uint64
	CacheHits    uint64 // scrapes served from the cache
	StaleServes  uint64 // scrapes served an earlier result, because there was no new one
	Dropped      uint64 // samples that were left out
	BreakerTrips uint64
	Overflowed   uint64 // lookups, since the vector was made, that returned its overflow series; see Cardinality
}

// Status returns the state of all collectors in the order of their registration. The collectors of
// a nested registry or gatherer follow it. If a registry is nested more than once, Status lists its
// collectors once. The loops that push.Every shows in a registry come after its collectors.
//
// All states of a registry are from the same moment. Status runs no user code, and never waits for
// a scrape. It is safe for concurrent use.
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
	c.Breaker, c.BreakerTrips = BreakerState(s.Breaker), s.BreakerTrips
	c.Runs, c.CacheHits, c.StaleServes, c.Dropped = s.Runs, s.CacheHits, s.StaleServes, s.Dropped
	for _, kind := range engine.FailureKinds() {
		c.Failures += s.Failures[kind]
	}
	c.Panics = s.Failures[engine.KindPanic]
	c.Timeouts = s.Failures[engine.KindTimeout]
	c.RateLimited = s.Failures[engine.KindRateLimited]
}
