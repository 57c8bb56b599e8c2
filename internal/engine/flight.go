package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// maxOverlap is how many runs of one context-aware collector may be under way at
// once, for scrapes that overlap: enough for a pair of Prometheus servers. Further
// scrapes wait, under their own contexts, and an impatient one waits behind the first.
const maxOverlap = 2

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
	sink      Sink
	shared    bool               // Others may join it.
	buffer    *Buffer            // The sink, if the caller has not given one.
	cancel    context.CancelFunc // Ends the run's context, if that is its own; it may be nil.
	until     time.Time          // When that context ends; zero if it does not, or is not its own.
	ownEnd    bool               // That is the collector's own limit.
	limit     chan struct{}      // Closed when scrapes stop waiting because of the collector's limit or keptLimit; nil if neither applies.
	done      chan struct{}      // Closed when the run has returned.
	err       error              // Valid when done is closed.
	start     time.Time
	end       time.Time // Valid when done is closed.

	preempted atomic.Bool // Its sink was closed, since it kept another scrape from starting its collector.

	// The following are guarded by the engine's mutex.
	fresh     bool        // Whoever has launched it does not know yet.
	waiters   int         // Scrapes that wait for it.
	joined    bool        // There were several of them. It does not change once done is closed.
	counted   bool        // It counts in Engine.running.
	pass      pass        // What it has of its collector's gate.
	ended     bool        // EndBackground has ended it.
	left      bool        // A scrape has left it behind, or its collector's own limit has passed.
	leftAt    time.Time   // When that was.
	pastLimit bool        // The latter.
	overdue   bool        // It was left, and did not return within the grace period.
	grace     *time.Timer // Ends the grace period.
	limiter   *time.Timer // Ends the collector's own limit; nil if it has none.
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
	switch kept := f.collector.KeepsResults(); {
	case f.buffer != nil && f.buffer.IsFull():
		if !f.overdue || age < s.patience {
			return mayReturn // It cannot be joined.
		}
		return isStuck
	case !f.left:
		return noObstacle
	case f.pastLimit, f.ended:
	case age < s.patience, kept && s.patience == 0:
		return noObstacle
	case kept:
		return isStuck // Until its own limit it goes on for the next scrape.
	case s.patience == 0 && age < minPatience:
		return mayReturn
	}
	if f.overdue {
		return isStuck
	}
	return mayReturn
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

// tryStart starts or joins a run, or returns an outcome without one. It returns nil
// and nil if the job has to wait. The engine's mutex is held.
func (e *Engine) tryStart(s *Scrape, job Job, now time.Time, late *latecomers) (*flight, *Outcome) {
	if f, o := e.tryWithout(s, job, now); f != nil || o != nil {
		return f, o
	}
	c := job.Collector
	if !c.Gate.admits(s) || c.isBusy(s, now) || !e.hasPlace(c) {
		return nil, nil
	}
	in, ok := c.Gate.enter(now)
	if !ok {
		return nil, nil
	}
	f := e.launch(s, job, now, late)
	f.pass = in
	return f, nil
}

// isBusy reports whether a run has to wait for another one of its collector, or has come
// too late: its context would have ended before it begins.
func (c *Collector) isBusy(s *Scrape, now time.Time) bool {
	if !c.shares() && !s.runsEnd.IsZero() && !now.Before(s.runsEnd) {
		return true
	}
	return len(c.flying) >= maxOverlap || len(c.flying) > 0 && (s.background || !s.isPatient()) || c.obstacle(s, now) != noObstacle
}

// tryWithout is what tryStart does before it starts a run.
func (e *Engine) tryWithout(s *Scrape, job Job, now time.Time) (*flight, *Outcome) {
	c := job.Collector
	if o := c.Gate.before(s, now); o != nil || !c.Gate.admits(s) {
		return nil, o
	}
	switch c.obstacle(s, now) {
	case isStuck:
		return nil, &Outcome{Err: ErrStillRunning}
	case mayReturn:
		return nil, nil
	}
	if f := c.joinable; f != nil && !f.buffer.IsFull() && (c.shares() || job.Share && f.lastsFor(s, now)) {
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

// lastsFor reports whether the context of f does not end much too early for a scrape.
func (f *flight) lastsFor(s *Scrape, now time.Time) bool {
	return f.until.IsZero() || !s.deadline.IsZero() && f.until.Sub(now) >= s.runsEnd.Sub(now)/3
}

// finish is called by the run's goroutine when the run has returned with err. reason is
// why its context has ended, if it has.
func (e *Engine) finish(f *flight, err error, reason Kind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := f.collector
	f.err, f.end = err, time.Now()
	if f.limiter != nil {
		f.limiter.Stop()
	}
	if f.grace != nil {
		f.grace.Stop()
	}
	if f.ownEnd && reason == KindTimeout {
		f.pastLimit = true // The end of the context can be earlier than passLimit.
	}
	if err == nil {
		c.Gate.keep(f.buffer, f.end)
	}
	f.pass.judge(f.verdict(err, reason, f.end), f.end)
	delete(e.flights, f)
	c.removeFlight(f)
	if f.left {
		c.countLeft(-1, -btoi(f.overdue))
	}
	if c.joinable == f {
		c.joinable = nil
	}
	e.uncount(f)
	f.pass.release()
	e.wakeAll()
	close(f.done)
}

func (c *Collector) removeFlight(f *flight) {
	kept := c.flying[:0]
	for _, other := range c.flying {
		if other != f {
			kept = append(kept, other)
		}
	}
	clear(c.flying[len(kept):])
	c.flying = kept
}

// passLimit is called at the collector's own limit. A run that can see its context then has
// the same time again to return, if its scrapes last that long; see endLimit.
func (e *Engine) passLimit(f *flight, limit time.Duration) {
	e.mu.Lock()
	_, underWay := e.flights[f]
	if f.collector.Gate.limit() == 0 && f.waiters > 0 {
		underWay = false // A scrape has joined it at this very moment.
	}
	if underWay && !f.pastLimit {
		f.pastLimit = true
		f.leave()
		f.leftAt = time.Now() // Even if a scrape has left it before: it went on.
		f.pass.judge(isBad, f.leftAt)
		if !f.ownEnd {
			f.cancel()
		}
		e.uncount(f)
		if f.overdue {
			e.markOverdue(f) // The group does not know of the limit yet.
		}
		if f.collector.Shared {
			e.startGrace(f)
			close(f.limit)
		} else {
			f.limiter = time.AfterFunc(f.collector.Gate.afterLimit(limit), func() { e.endLimit(f) })
		}
		e.wakeAll()
	}
	e.mu.Unlock()
}

// endLimit ends the waiting for a run that has passed its collector's own limit.
func (e *Engine) endLimit(f *flight) {
	e.mu.Lock()
	_, underWay := e.flights[f]
	if underWay {
		close(f.limit)
		e.markOverdue(f)
		e.wakeAll()
	}
	e.mu.Unlock()
	if underWay && f.buffer == nil {
		f.sink.Close()
	}
}

// leave is for a scrape that ends before the run has returned, because of its deadline
// or because it was cancelled. A run that cannot see its context is not ended by that,
// and stays open to others; nor is one that belongs to its collector.
//
// tooMuch means that the scrape had no time left because of what others have sent, which says
// nothing about this run.
func (e *Engine) leave(f *flight, s *Scrape, deadline, tooMuch bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f.waiters--
	if _, underWay := e.flights[f]; !underWay {
		return
	}
	c := f.collector
	endless := c.Shared || c.KeepsResults()
	if f.waiters == 0 {
		if f.buffer != nil {
			f.buffer.Bound(false)
		}
		if !endless {
			if c.joinable == f {
				c.joinable = nil
			}
			if f.cancel != nil {
				f.cancel()
			}
		}
	}
	if f.waiters == 0 && c.KeepsResults() && c.Gate.limit() == 0 && !f.pastLimit {
		f.limiter = time.AfterFunc(keptLimit, func() { e.passLimit(f, keptLimit) })
	}
	switch {
	case f.pastLimit:
		// It is known.
	case deadline && s.isPatient() && endless, f.waiters == 0 && (deadline || !endless):
		if c.KeepsResults() {
			f.leave()
			return // It goes on.
		}
		switch now := time.Now(); {
		case !deadline:
			f.pass.judge(isNeither, now)
		case tooMuch || !f.pass.isFair(now.Sub(f.start)):
			f.pass.judge(isUndecided, now)
		default:
			f.pass.judge(isBad, now)
		}
		e.startGrace(f)
	case f.waiters > 0:
		return
	}
	e.uncount(f)
	e.wakeAll()
}

// leave notes that the run is left behind from now on.
func (f *flight) leave() {
	if !f.left {
		f.left, f.leftAt = true, time.Now()
		f.collector.countLeft(1, 0)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// startGrace is for a run that was left behind: it has a moment to return.
func (e *Engine) startGrace(f *flight) {
	f.leave()
	if f.grace != nil || f.overdue {
		return
	}
	f.grace = time.AfterFunc(grace, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if _, underWay := e.flights[f]; underWay {
			e.markOverdue(f)
			e.wakeAll()
		}
	})
	if rest := minPatience - time.Since(f.start); rest > grace { // Scrapes without a deadline wait that long.
		time.AfterFunc(rest, func() {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.wakeAll()
			f.pass.wakeOthers()
		})
	}
}

// markOverdue is for a run that has not returned within its grace period. Its collector
// is not started again before it returns, but for scrapes that would have given it
// longer; see inTheWay.
func (e *Engine) markOverdue(f *flight) {
	if !f.overdue {
		f.leave()
		f.overdue = true
		f.collector.countLeft(0, 1)
		f.collector.stats.StuckSince = f.leftAt
		if f.collector.Shared && f.waiters == 0 {
			f.cancel() // For its hooks; the collector cannot see it.
		}
	}
	f.pass.markOverdue(f.pastLimit || f.ended)
	e.uncount(f)
}

// uncount lets another run start in the place of f. Its place in a group it keeps: the
// resource of the group is in use until f returns.
func (e *Engine) uncount(f *flight) {
	if f.counted {
		f.counted = false
		e.running--
	}
}
