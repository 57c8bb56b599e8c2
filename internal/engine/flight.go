package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// maxOverlap is how many runs of one context-aware collector may be under way at once for overlapping
// scrapes: enough for a pair of Prometheus servers. Further scrapes wait, under their own contexts. A
// scrape that allows little time waits behind the first run.
const maxOverlap = 2

// maxOwnRuns is the same limit for jobs with [Job.OwnRun]. Another run might be waiting for such a job, so
// the job waits only if there are more runs than a few servers that scrape a few processes cause.
const maxOwnRuns = 16

// grace is how long a run that was left behind has to return before it counts as overdue. Until then, a
// scrape that may not start beside the run waits instead of failing.
const grace = 100 * time.Millisecond

// minTimeAllowed is the least time that a scrape must allow before an unfinished collector counts as bad. Any
// client can announce a deadline that is too short for every collector.
const minTimeAllowed = 500 * time.Millisecond

// flight is a run under way.
type flight struct {
	engine    *Engine
	collector *Collector
	ctx       runContext
	hints     hints
	sink      Sink
	shared    bool               // Others may join it, unless its job has OwnRun.
	buffer    *Buffer            // the sink, if the caller has given none
	cancel    context.CancelFunc // ends the run's context, if the run has its own; may be nil
	until     time.Time          // when the run's own context ends; zero if it does not end or the run has none
	ownEnd    bool               // until is the collector's own limit.
	wanted    time.Time          // when the scrape that started the run wants its result; zero if unlimited
	limit     chan struct{}      // closed when scrapes stop waiting because of the collector's limit or keptLimit; nil if neither applies
	done      chan struct{}      // closed when the run has returned
	err       error              // valid when done is closed
	start     time.Time
	end       time.Time // valid when done is closed

	preempted atomic.Bool // The sink was closed because the run kept another scrape from starting its collector.

	returned task // records that the run has returned

	overran atomic.Bool // The run has passed its collector's own limit. Its error says so even if it has returned since. Written with the engine's mutex held.

	// The engine's mutex guards the following fields.
	stage   stage       // changed only by Engine.move
	leftAt  time.Time   // when the run was left behind, or its own limit passed
	grace   *time.Timer // ends the run's time to return; nil if not started
	limiter *time.Timer // ends the collector's own limit; nil if it has none
	waiters int         // number of scrapes that wait for the run
	pass    pass        // what the collector's gate has given to the run

	// These are facts beside the stage. Each may hold in several stages, and no event follows from it.
	counted bool // The run counts in Engine.running. It may have lent its place to a nested scrape, or lost it.
	joined  bool // Several scrapes share the run, or have shared it. It does not change once done is closed.
}

// obstacle says how a run stands in the way of another run of its collector.
type obstacle int

const (
	noObstacle obstacle = iota
	mayReturn           // The other run must wait until this one has returned or turned out to be stuck.
	isStuck             // The other run must not be started.
)

// inTheWay returns the obstacle that f is to a scrape that wants a run of its collector now.
//
// Each scrape decides how long a run may take. If f has outlived one scrape, it is not stuck for another
// that would have given it more time. Otherwise any client could keep a collector from all others by
// announcing a short deadline.
func (f *flight) inTheWay(s *Scrape, now time.Time) obstacle {
	age := now.Sub(f.start)
	if f.buffer != nil && f.buffer.IsFull() {
		if !f.stage.isOverdue() || age < s.timeAllowed {
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
	case age < s.timeAllowed, kept && s.timeAllowed == 0:
		return noObstacle
	case kept:
		return isStuck // Until its own limit, it goes on for the next scrape.
	case f.stage == stageLeft, s.timeAllowed == 0 && age < minTimeAllowed:
		return mayReturn
	default:
		return isStuck
	}
}

// obstacle returns the greatest obstacle to a run of c, in this registration, an earlier one, or another
// engine. c may be nil.
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

// tryStart makes a run for a job. tryWithout must have found no run and no outcome for it. The caller must
// start the run after it has released the engine's mutex. tryStart returns nil if the job must wait.
func (e *Engine) tryStart(s *Scrape, job Job, now time.Time) *flight {
	c := job.Collector
	if !c.Gate.admits(s) || c.isBusy(s, job.OwnRun, now) || !e.hasPlace(c) {
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

// isBusy reports whether a run must wait for another one of its collector, or comes too late because its
// context would have ended before it begins.
func (c *Collector) isBusy(s *Scrape, ownRun bool, now time.Time) bool {
	if !c.shares() && !s.runsEnd.IsZero() && !now.Before(s.runsEnd) {
		return true
	}
	if ownRun {
		return len(c.flying) >= maxOwnRuns || c.obstacle(s, now) != noObstacle
	}
	return len(c.flying) >= maxOverlap || len(c.flying) > 0 && (s.background || !s.allowsEnough()) || c.obstacle(s, now) != noObstacle
}

// tryWithout joins a run, or returns an outcome without one. It returns nil and nil if the job needs a run
// of its own or must wait. The engine's mutex must be held.
func (e *Engine) tryWithout(s *Scrape, job Job, now time.Time) (*flight, *Outcome) {
	c := job.Collector
	switch o := c.Gate.before(s, now); {
	case o != nil:
		return nil, o
	case !c.Gate.admits(s) && job.OwnRun:
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
	if f := c.joinable; f != nil && !job.OwnRun && !f.buffer.IsFull() && (c.shares() || job.Share && f.lastsFor(s, now)) {
		f.waiters++
		f.joined = true
		f.buffer.Bound(true)
		if f.limiter != nil && c.Gate.limit() == 0 {
			f.limiter.Stop() // A scrape waits for it again.
		}
		return f, nil
	}
	if err := c.Gate.refuses(s, now); err != nil {
		return nil, &Outcome{Err: err}
	}
	return nil, nil
}

// errFirstBackground says why there is no background result yet.
var errFirstBackground = errors.New("its first background run has not ended yet")

// lastsFor reports whether the context of f lasts long enough for a scrape.
func (f *flight) lastsFor(s *Scrape, now time.Time) bool {
	return f.until.IsZero() || !s.deadline.IsZero() && f.until.Sub(now) >= s.runsEnd.Sub(now)/3
}
