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

// CollectorStatus describes the state of a registered collector. It is a copy, which
// belongs to the caller.
type CollectorStatus struct {
	// Name is what selects the collector in a scrape; see [Selection]. That of a collector
	// in a named registry or gatherer is "name/collector".
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
	Group        *GroupStatus // Nil if it belongs to none; see WithGroup.

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

// Status returns the state of all collectors, in the order of their registration, each
// registry or gatherer in r followed by the collectors in it. A registry that is nested
// more than once is looked into once.
//
// What it says of each registry is one consistent picture. It runs nobody else's code, and
// never waits for a scrape. It is safe for concurrent use.
func (r *ContextRegistry) Status() []CollectorStatus {
	core, err := r.open()
	if err != nil {
		return nil
	}
	return core.status()
}

func (r *core) status() []CollectorStatus {
	s := statuses{seen: make(map[*core]struct{})}
	s.add(r, "", 0)
	return s.all
}

// statuses collects the states of the collectors of a registry and those in it.
type statuses struct {
	all  []CollectorStatus
	seen map[*core]struct{}
}

// add adds the collectors of r, whose names begin with the prefix.
func (s *statuses) add(r *core, prefix string, depth int) {
	if _, seen := s.seen[r]; seen || depth > maxNestingDepth {
		return
	}
	s.seen[r] = struct{}{}
	entries, stats := r.account()
	for _, e := range entries {
		status := CollectorStatus{Name: prefix + e.name, Kind: e.binding.kind, Policies: slices.Clone(e.policies)}
		switch {
		case e.run != nil:
			status.fill(&stats[0])
			stats = stats[1:]
			if e.policy != nil && e.policy.Group != nil {
				status.Group = new(groupStatus(e.policy.Group))
			}
		case e.binding.source != nil:
			status.Series = e.binding.source.Series().Len()
		case e.binding.nested.host:
			// It is there for a single gatherer.
			if _, of := e.binding.nested.account(); len(of) > 0 {
				status.fill(&of[0])
			}
		default:
			inner := prefix
			if e.named { // Without a name, its row would say nothing.
				s.all = append(s.all, status)
				inner += e.name + "/"
			}
			s.add(e.binding.nested, inner, depth+1)
			continue
		}
		s.all = append(s.all, status)
	}
}

// account returns the entries of r, and the accounts of those that are run.
func (r *core) account() ([]*entry, []engine.Stats) {
	r.mu.Lock()
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	collectors := make([]*engine.Collector, 0, len(entries))
	for _, e := range entries {
		if e.run != nil {
			collectors = append(collectors, e.run)
		}
	}
	return entries, r.engine.Stats(collectors)
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
