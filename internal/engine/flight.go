package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// maxOverlap is how many runs of one context-aware collector may be under way at
// once, for scrapes that overlap: enough for a pair of Prometheus servers. Further
// scrapes wait, under their own contexts, and an impatient one waits behind the first.
const maxOverlap = 2

// maxAlone is the same for a job that is Alone. If it waited for another run, that might be waiting
// for it; so it waits only if there are more runs than a few servers that scrape a few processes cause.
const maxAlone = 16

// grace is how long a run that was left behind has for returning before it counts as
// overdue. Until then, a scrape that may not outlast the run waits instead of failing.
const grace = 100 * time.Millisecond

// minPatience is how much time a scrape has to have for a verdict on collectors that do
// not finish in it. Anybody can announce a deadline that nothing can keep.
const minPatience = 500 * time.Millisecond

// flight is one run under way.
type flight struct {
	engine    *Engine
	collector *Collector
	ctx       runContext
	hints     hints
	sink      Sink
	shared    bool               // Others may join it, unless its job is Alone.
	buffer    *Buffer            // The sink, if the caller has not given one.
	cancel    context.CancelFunc // Ends the run's context, if that is its own; it may be nil.
	until     time.Time          // When that context ends; zero if it does not, or is not its own.
	ownEnd    bool               // That is the collector's own limit.
	wanted    time.Time          // When the scrape that has started it wants its result; zero if there is no such time.
	limit     chan struct{}      // Closed when scrapes stop waiting because of the collector's limit or keptLimit; nil if neither applies.
	done      chan struct{}      // Closed when the run has returned.
	err       error              // Valid when done is closed.
	start     time.Time
	end       time.Time // Valid when done is closed.

	preempted atomic.Bool // Its sink was closed, since it kept another scrape from starting its collector.

	returned task // Notes that it has.

	overran atomic.Bool // It has passed its collector's own limit, as its error says even if it has returned since. Set with the engine's mutex held.

	// The following are guarded by the engine's mutex.
	stage   stage       // Only Engine.move changes it.
	leftAt  time.Time   // When it was left behind, or its own limit passed.
	grace   *time.Timer // Ends its time for returning; nil if it had none.
	limiter *time.Timer // Ends the collector's own limit; nil if it has none.
	waiters int         // Scrapes that wait for it.
	pass    pass        // What it has of its collector's gate.

	// These are facts beside the stage. Each may hold in several stages, and no event follows
	// from it.
	counted bool // It counts in Engine.running. It may have lent its place to a nested scrape, or lost it.
	joined  bool // There were several scrapes, now or before. It does not change once done is closed.
}

// obstacle is what a run is to another one of its collector.
type obstacle int

const (
	noObstacle obstacle = iota
	mayReturn           // The other one has to wait until it has returned, or has turned out to be stuck.
	isStuck             // The other one must not be started.
)

// inTheWay returns what f is to a scrape that wants a run of its collector now.
//
// How long a run may take is up to each scrape. That f has outlived one does not mean
// that it is stuck for one that would have given it longer: otherwise anybody who
// announces a short deadline could keep a collector from all others.
func (f *flight) inTheWay(s *Scrape, now time.Time) obstacle {
	age := now.Sub(f.start)
	if f.buffer != nil && f.buffer.IsFull() {
		if !f.stage.isOverdue() || age < s.patience {
			return mayReturn // It cannot be joined.
		}
		return isStuck
	}
	switch f.stage {
	case stageRunning, stageReturned:
		return noObstacle
	case stageExpired:
		return mayReturn
	case stageStuck:
		return isStuck
	}
	switch kept := f.collector.KeepsResults(); {
	case age < s.patience, kept && s.patience == 0:
		return noObstacle
	case kept:
		return isStuck // Until its own limit it goes on for the next scrape.
	case f.stage == stageLeft, s.patience == 0 && age < minPatience:
		return mayReturn
	default:
		return isStuck
	}
}

// obstacle returns the greatest obstacle to a run of c, in this registration, an earlier
// one, or another engine. c may be nil.
func (c *Collector) obstacle(s *Scrape, now time.Time) obstacle {
	if c.isStuckElsewhere() {
		return isStuck
	}
	greatest := noObstacle
	for ; c != nil; c = c.Earlier {
		for _, f := range c.flying {
			greatest = max(greatest, f.inTheWay(s, now))
		}
	}
	return greatest
}

// tryStart starts a run, which the caller has to have run without the engine's mutex. It
// returns nil if the job has to wait. tryWithout has found neither a run nor an outcome.
func (e *Engine) tryStart(s *Scrape, job Job, now time.Time) *flight {
	c := job.Collector
	if !c.Gate.admits(s) || c.isBusy(s, job.Alone, now) || !e.hasPlace(c) {
		return nil
	}
	in, ok := c.Gate.enter(now)
	if !ok {
		return nil
	}
	f := e.launch(s, job, now)
	f.pass = in
	return f
}

// isBusy reports whether a run has to wait for another one of its collector, or has come
// too late: its context would have ended before it begins.
func (c *Collector) isBusy(s *Scrape, alone bool, now time.Time) bool {
	if !c.shares() && !s.runsEnd.IsZero() && !now.Before(s.runsEnd) {
		return true
	}
	if alone {
		return len(c.flying) >= maxAlone || c.obstacle(s, now) != noObstacle
	}
	return len(c.flying) >= maxOverlap || len(c.flying) > 0 && (s.background || !s.isPatient()) || c.obstacle(s, now) != noObstacle
}

// tryWithout joins a run, or returns an outcome without one. It returns nil and nil if the job
// needs a run of its own, or has to wait. The engine's mutex is held.
func (e *Engine) tryWithout(s *Scrape, job Job, now time.Time) (*flight, *Outcome) {
	c := job.Collector
	switch o := c.Gate.before(s, now); {
	case o != nil:
		return nil, o
	case !c.Gate.admits(s) && job.Alone:
		return nil, &Outcome{Err: errFirstBackground}
	case !c.Gate.admits(s):
		return nil, nil
	}
	switch c.obstacle(s, now) {
	case isStuck:
		return nil, &Outcome{Err: ErrStillRunning}
	case mayReturn:
		return nil, nil
	}
	if f := c.joinable; f != nil && !job.Alone && !f.buffer.IsFull() && (c.shares() || job.Share && f.lastsFor(s, now)) {
		f.waiters++
		f.joined = true
		f.buffer.Bound(true)
		if f.limiter != nil && c.Gate.limit() == 0 {
			f.limiter.Stop() // It is attended again.
		}
		return f, nil
	}
	if err := c.Gate.refuses(s, now); err != nil {
		return nil, &Outcome{Err: err}
	}
	return nil, nil
}

// errFirstBackground is why there is no result of a background run yet.
var errFirstBackground = errors.New("its first background run has not ended yet")

// lastsFor reports whether the context of f does not end much too early for a scrape.
func (f *flight) lastsFor(s *Scrape, now time.Time) bool {
	return f.until.IsZero() || !s.deadline.IsZero() && f.until.Sub(now) >= s.runsEnd.Sub(now)/3
}
