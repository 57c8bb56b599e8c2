package engine

import "time"

// stage is the stage that a run has reached. Only [Engine.move] changes it, and acts on the change.
type stage uint8

const (
	stageRunning  stage = iota // No scrape has given up on it.
	stageLeft                  // A scrape has left it behind. It may return soon, or goes on for its collector; see Gate.keeps.
	stageOverdue               // It did not return soon. It is in the way of scrapes that allow no more time than it has taken.
	stageExpired               // Its own limit has passed, or its background runs have ended. It may return soon.
	stageStuck                 // It did not return soon after its limit. It is in the way of every scrape.
	stageReturned              // It has returned.
	stages
)

// event is what happens to a run.
type event uint8

const (
	onLeave    event = iota // A scrape that has waited for it ends; see Engine.leave.
	onOverstay              // Its time to return is over, or it has kept a scrape that allows enough time from starting its collector.
	onExpire                // Its own limit passes, or EndBackground ends it.
	onReturn
	events
)

// transitions holds the next stage for each stage and event. No event leads back to stageRunning, so its
// zero value means that the event changes nothing: a timer may fire late, and a second scrape may leave. A
// run that has returned stays returned.
//
//	stage     onLeave  onOverstay  onExpire  onReturn
//	running   left     overdue     expired   returned
//	left      -        overdue     expired   returned
//	overdue   -        -           stuck     returned
//	expired   -        stuck       -         returned
//	stuck     -        -           -         returned
var transitions = [stages][events]stage{
	stageRunning: {onLeave: stageLeft, onOverstay: stageOverdue, onExpire: stageExpired, onReturn: stageReturned},
	stageLeft:    {onOverstay: stageOverdue, onExpire: stageExpired, onReturn: stageReturned},
	stageOverdue: {onExpire: stageStuck, onReturn: stageReturned},
	stageExpired: {onOverstay: stageStuck, onReturn: stageReturned},
	stageStuck:   {onReturn: stageReturned},
}

// isLeft reports whether the run was left behind and has not returned.
func (s stage) isLeft() bool { return s != stageRunning && s != stageReturned }

// isOverdue reports whether the run has not returned in its time to return.
func (s stage) isOverdue() bool { return s == stageOverdue || s == stageStuck }

// isExpired reports whether the run has no time left for any scrape.
func (s stage) isExpired() bool { return s == stageExpired || s == stageStuck }

// move moves a run to its next stage, and reports whether the event leads to one. It updates the counts of
// runs left behind by origin, the statistics about stuck runs, and the places in the engine and the group.
// It starts and stops timers, and wakes the waiters. The engine's mutex must be held.
func (e *Engine) move(f *flight, on event) bool {
	from, to := f.stage, transitions[f.stage][on]
	if to == stageRunning {
		return false
	}
	f.stage = to
	c := f.collector
	c.countLeft(btoi(to.isLeft())-btoi(from.isLeft()), btoi(to.isOverdue())-btoi(from.isOverdue()))
	if to != stageReturned && (from == stageRunning || on == onExpire) {
		f.leftAt = time.Now() // A scrape that left it before onExpire let it go on.
	}
	switch to {
	case stageLeft:
		if c.Gate.keeps() {
			return true // It goes on and keeps its place.
		}
		e.startGrace(f)
	case stageExpired:
		if c.Shared || c.Gate.hasEnded() {
			e.startGrace(f)
		} // Otherwise endLimit ends its time.
	case stageOverdue, stageStuck:
		if !from.isOverdue() {
			c.stats.StuckSince = f.leftAt
			if c.Shared && f.waiters == 0 {
				f.cancel() // This is for the collector's hooks; the collector itself cannot see the context.
			}
		}
		f.pass.markOverdue(to == stageStuck)
	case stageReturned:
		e.remove(f)
	}
	e.uncount(f)
	e.wakeAll()
	return true
}

// remove removes a run that has returned.
func (e *Engine) remove(f *flight) {
	for _, timer := range []*time.Timer{f.limiter, f.grace} {
		if timer != nil {
			timer.Stop()
		}
	}
	delete(e.flights, f)
	f.collector.removeFlight(f)
	if f.collector.joinable == f {
		f.collector.joinable = nil
	}
	f.pass.release()
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

// startGrace gives a run a short time to return.
func (e *Engine) startGrace(f *flight) {
	if f.grace != nil {
		return
	}
	f.grace = time.AfterFunc(grace, func() {
		e.mu.Do(&task{do: func() { e.move(f, onOverstay) }})
	})
	if rest := minTimeAllowed - time.Since(f.start); rest > grace { // Scrapes without a deadline wait that long.
		time.AfterFunc(rest, func() {
			e.mu.Do(&task{do: func() {
				e.wakeAll()
				f.pass.wakeOthers()
			}})
		})
	}
}

// uncount lets another run start in the place of f. f keeps its place in a group, since it uses the
// resource of the group until it returns.
func (e *Engine) uncount(f *flight) {
	if f.counted {
		f.counted = false
		e.running--
	}
}

// finish ends a run that has returned with err. The run's goroutine calls it. reason says why the run's
// context has ended; it is KindNone if the context has not.
func (e *Engine) finish(f *flight, err error, reason Kind) {
	ofAttempt := err
	if f.collector.Gate.background != nil && reason == KindTimeout {
		ofAttempt = f.atLimit(err) // This calls methods of err, so the mutex is not held yet.
	}
	f.err, f.end = err, time.Now()
	f.returned.do = func() {
		if f.ownEnd && reason == KindTimeout {
			f.overran.Store(true) // The context can end before passLimit is called.
		}
		if err == nil {
			f.collector.Gate.keep(f.buffer, f.end)
		}
		f.pass.judge(f.verdict(err, reason, f.end), f.end)
		f.tellSchedule(ofAttempt, f.end)
		e.move(f, onReturn)
	}
	e.mu.Do(&f.returned)
}

// passLimit is called when the collector's own limit has passed. A run that can see its context then has
// the same time again to return, if its scrapes last that long; see [Engine.endLimit]. The engine's mutex
// must be held.
func (e *Engine) passLimit(f *flight, limit time.Duration) {
	c := f.collector
	if c.Gate.limit() == 0 && f.waiters > 0 {
		return // A scrape joined it at this very moment.
	}
	if !e.move(f, onExpire) {
		return
	}
	f.overran.Store(true)
	f.pass.judge(isBad, f.leftAt)
	if !f.ownEnd {
		f.cancel()
	}
	if c.Shared {
		close(f.limit)
		f.tellSchedule(f.atLimit(nil), f.leftAt)
	} else {
		f.limiter = time.AfterFunc(c.Gate.afterLimit(limit), func() { e.endLimit(f) })
	}
}

// limitAfter returns a timer that calls passLimit.
func (e *Engine) limitAfter(f *flight, limit time.Duration) *time.Timer {
	return time.AfterFunc(limit, func() {
		e.mu.Do(&task{do: func() { e.passLimit(f, limit) }})
	})
}

// endLimit stops the wait for a run that has passed its collector's own limit and has not returned since.
func (e *Engine) endLimit(f *flight) {
	e.mu.Lock()
	underWay := f.stage != stageReturned
	if underWay {
		close(f.limit)
		f.tellSchedule(f.atLimit(nil), time.Now())
		e.move(f, onOverstay)
	}
	e.mu.Unlock()
	if underWay && f.buffer == nil {
		f.sink.Close()
	}
}

// leaving is a run that a scrape leaves before the run has returned.
type leaving struct {
	flight   *flight
	deadline bool // The scrape ended because of a deadline, not because it was canceled.
	tooMuch  bool // Samples of other runs have used up the time. That says nothing about this run.
}

// leave makes a scrape leave runs that have not returned, because the scrape's deadline has passed or it
// was canceled. Two kinds of runs go on, and other scrapes can still join them: a run that cannot see its
// context, and a run that belongs to its collector.
func (e *Engine) leave(s *Scrape, all ...leaving) {
	if len(all) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range all {
		e.leaveOne(s, l)
	}
	e.wakeAll()
}

func (e *Engine) leaveOne(s *Scrape, l leaving) {
	f := l.flight
	f.waiters--
	if f.stage == stageReturned {
		return
	}
	c := f.collector
	endless := c.shares()
	if f.waiters == 0 {
		e.leaveUnattended(f, endless)
	}
	switch {
	case f.stage.isExpired():
		// The verdict on it is known.
	case l.deadline && s.allowsEnough() && endless, f.waiters == 0 && (l.deadline || !endless):
		if c.Gate.keeps() {
			e.move(f, onLeave)
			return
		}
		switch now := time.Now(); {
		case !l.deadline:
			f.pass.judge(isNeither, now)
		case l.tooMuch || !f.pass.isFair(now.Sub(f.start)):
			f.pass.judge(isUndecided, now)
		default:
			f.pass.judge(isBad, now)
		}
		e.move(f, onLeave)
	case f.waiters > 0:
		return
	}
	e.uncount(f)
}

// leaveUnattended handles a run that no scrape waits for any more. It cancels the run unless endless is
// set.
func (e *Engine) leaveUnattended(f *flight, endless bool) {
	c := f.collector
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
	if c.Gate.keeps() && c.Gate.limit() == 0 && !f.stage.isExpired() {
		f.limiter = e.limitAfter(f, keptLimit)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
