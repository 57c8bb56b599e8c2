package engine

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// ErrClosed reports that a collector is not run in the background any more, because its
// registry was closed.
var ErrClosed = errors.New("the registry is closed: it runs nothing in the background any more")

var errUnregistered = errors.New("it was unregistered before its first background run had ended")

// background runs a collector on a schedule, and has the result for all scrapes. It moves
// between these states:
//
//	state     what holds                                next
//	idle      it is in the timetable, until b.next      trying, at that time
//	trying    attempt is set; the run waits for a       idle, when the run has ended, was refused,
//	          place, or is under way                    or has passed its limit
//	over      ended is true                             none; Engine.EndBackground leads here
//
// It has no goroutine besides that of its run. The engine's timer holds the engine weakly, so a
// registry that has become unreachable stops its background runs even without Close.
type background struct {
	engine    *Engine
	collector *Collector
	every     time.Duration

	// The following are guarded by the engine's mutex.
	ended   bool
	next    time.Time // When the next attempt begins.
	index   int       // In timetable.idle; notIdle if it is not there.
	attempt *start    // Under way, or nil.
	tried   bool      // An attempt has ended.
	err     error     // Why there is no good result of the last attempt, or nil.
}

const notIdle = -1

// minLimit is how long a background run may take at least if its collector has no limit.
const minLimit = keptLimit

// InitBackground has scrapes wait for the background runs of a collector whose policy asks for
// them. It is called before the collector is used.
func (e *Engine) InitBackground(c *Collector) {
	if every := c.Gate.every(); every > 0 {
		c.Gate.background = &background{engine: e, collector: c, every: every, index: notIdle}
	}
}

// StartBackground starts the background runs of a collector that has some, unless they have
// been ended. The first run starts at once.
func (e *Engine) StartBackground(c *Collector) {
	b := c.Gate.background
	if b == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if b.ended {
		return
	}
	b.next = time.Now()
	heap.Push(&e.timetable.idle, b)
	e.setAlarm(b.next)
}

// begin makes an attempt, which waits for the start of its run at most as long as the run may
// take. The context of the run has no values.
func (b *background) begin(now time.Time) *start {
	e, c := b.engine, b.collector
	patience := max(c.Gate.limit(), b.every, minPatience)
	ctx := context.Background()
	scrape := &Scrape{ctx: ctx, runs: ctx, values: ctx, began: now, deadline: now.Add(patience), patience: patience, background: true}
	b.attempt = &start{
		engine: e, scrape: scrape, jobs: []Job{{Collector: c}}, flights: make([]*flight, 1), outcomes: make([]Outcome, 1), attempt: b,
	}
	b.attempt.prepare()
	return b.attempt
}

// end ends an attempt with what has come of it, and schedules the next one. ran reports whether
// there was a run.
func (b *background) end(o Outcome, ran bool, now time.Time) {
	b.attempt = nil
	b.collector.stats.countBackground(&o, ran)
	if b.ended {
		return
	}
	first := !b.tried
	b.scheduleNext(now)
	b.tried, b.err = true, o.Err
	if first {
		b.engine.wakeAll() // Scrapes may wait for the first result.
	}
}

// scheduleNext chooses when the next attempt begins. The second one follows the first after a
// random time between half a period and a whole one, so that collectors that were registered
// together do not run together for ever. From then on, attempts begin at multiples of the
// period; those that an earlier attempt has not left in time are skipped.
func (b *background) scheduleNext(now time.Time) {
	if !b.tried {
		b.next = b.next.Add(b.every - rand.N(b.every/2+1))
	}
	if late := now.Sub(b.next); late >= 0 {
		b.next = b.next.Add(late - late%b.every + b.every)
	}
	heap.Push(&b.engine.timetable.idle, b)
	b.engine.setAlarm(now)
}

// endAttempt ends the attempt that has started the run, if it still waits for that: the run has
// returned, or scrapes would not wait for it any longer. err is its error.
func (f *flight) endAttempt(err error, now time.Time) {
	b := f.collector.Gate.background
	if b == nil || b.attempt == nil || b.attempt.flights[0] != f {
		return
	}
	f.waiters--
	o := Outcome{Err: err, Duration: now.Sub(f.start), Wait: max(0, f.start.Sub(b.attempt.scrape.began))}
	o.Given = f.buffer.Snapshot()
	b.end(o, true, now)
}

// before returns what a scrape gets, or nil if it has to wait for the end of the first attempt.
// If the last attempt has failed, orStale adds the last good result. An attempt gets nil, as
// long as it may start a run.
func (b *background) before(s *Scrape, now time.Time) *Outcome {
	switch last := b.collector.Gate.last; {
	case s.background && b.ended:
		return &Outcome{Err: context.Canceled}
	case s.background || !b.tried:
		return nil
	case b.err != nil:
		return &Outcome{Err: b.err}
	default:
		return &Outcome{Given: last.Given, Source: FromBackground, Age: now.Sub(last.at)}
	}
}

// hasEnded reports whether EndBackground has ended the background runs.
func (g *Gate) hasEnded() bool { return g.background != nil && g.background.ended }

// EndBackground ends the background runs of a collector, if it has any: the context of one
// that is under way ends, and no other is started. Scrapes get what there is; if closed is
// true, together with ErrClosed.
//
// c may be nil.
func (e *Engine) EndBackground(c *Collector, closed bool) {
	if c == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	b := c.Gate.background
	if b == nil || b.ended {
		return
	}
	switch {
	case closed:
		b.err = ErrClosed
	case !b.tried:
		b.err = errUnregistered
	}
	b.ended, b.tried = true, true
	now := time.Now()
	t := &e.timetable
	if b.index != notIdle {
		heap.Remove(&t.idle, b.index)
	}
	if s := b.attempt; s != nil && s.flights[0] == nil {
		t.waiting = slices.DeleteFunc(t.waiting, func(other *start) bool { return other == s })
		s.unblockAll()
		e.setWake()
		b.end(Outcome{Err: context.Canceled}, false, now)
	}
	for _, f := range c.flying {
		f.cancel()
		e.move(f, onExpire)
		f.endAttempt(fmt.Errorf("ended with the background runs: %w", context.Canceled), now)
	}
	e.setAlarm(now)
	e.wakeAll()
}

// AwaitEnded waits for runs that EndBackground has ended, but not longer than the given time.
// It returns the names of the collectors whose runs have not returned, sorted.
func (e *Engine) AwaitEnded(wait time.Duration) (stuck []string) {
	tooLong := time.NewTimer(wait)
	defer tooLong.Stop()
	for _, f := range e.endedRuns() {
		if isClosed(f.done) {
			continue
		}
		select {
		case <-f.done:
		case <-tooLong.C:
			tooLong.Reset(0) // For the next one, too.
			stuck = append(stuck, f.collector.Name)
		}
	}
	slices.Sort(stuck)
	return slices.Compact(stuck)
}

// endedRuns returns the runs under way that EndBackground has ended.
func (e *Engine) endedRuns() (runs []*flight) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for f := range e.flights {
		if f.collector.Gate.hasEnded() {
			runs = append(runs, f)
		}
	}
	return runs
}
