package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// ErrClosed reports that a collector no longer runs in the background because its registry was closed.
var ErrClosed = errors.New("the registry is closed: it runs nothing in the background any more")

var errUnregistered = errors.New("it was unregistered before its first background run had ended")

// background runs a collector on a schedule and provides the result to all scrapes. It moves between these
// states:
//
//	state     what holds                                next
//	idle      it is in the timetable, until b.next      trying, at that time
//	trying    attempt is set; the run waits for a       idle, when the run has ended, was refused,
//	          place, or is under way                    or has passed its limit
//	over      ended is true                             none; Engine.EndBackground leads here
//
// It has no goroutine except the one of its run. The engine's timer refers to the engine weakly, so the
// background runs of a registry that has become unreachable stop even without Close.
type background struct {
	engine    *Engine
	timetable *timetable // nil before start
	collector *Collector
	every     time.Duration

	// The engine's mutex guards the following fields.
	ended   bool
	next    time.Time // when the next attempt begins
	index   int       // index in timetable.idle, or notIdle
	attempt *attempt  // attempt under way, or nil
	tried   bool      // An attempt has ended.
	err     error     // why the last attempt gave no good result, or nil
	since   time.Time // when err last changed between nil and non-nil
}

const notIdle = -1

// Every is the [Schedule] of a collector that runs once in each period of this length.
type Every time.Duration

// Period returns the time between the starts of two runs.
func (every Every) Period() time.Duration { return time.Duration(every) }

func (every Every) background(e *Engine, c *Collector) schedule {
	return &background{engine: e, collector: c, every: every.Period(), index: notIdle}
}

// minLimit is the least limit of a background run whose collector sets no limit of its own.
const minLimit = keptLimit

// Methods without a comment are documented on [schedule].

func (b *background) start() {
	if b.ended {
		return
	}
	b.timetable = timetableOf(b.engine)
	b.next = time.Now()
	b.timetable.add(b, b.next)
}

// begin makes an attempt. The attempt waits for the start of its run at most as long as the run may take.
// The context of the run carries no values.
func (b *background) begin(now time.Time) *attempt {
	e, c := b.engine, b.collector
	timeAllowed := max(c.Gate.limit(), b.every, minTimeAllowed)
	ctx := context.Background()
	scrape := &Scrape{ctx: ctx, runs: ctx, values: ctx, began: now, deadline: now.Add(timeAllowed), timeAllowed: timeAllowed, background: true}
	b.attempt = &attempt{of: b, starter: starter{
		engine: e, scrape: scrape, jobs: []Job{{Collector: c}}, flights: make([]*flight, 1), outcomes: make([]Outcome, 1),
	}}
	b.attempt.prepare()
	return b.attempt
}

// end ends an attempt with its outcome and schedules the next one. f is the attempt's run, or nil if it was
// never started.
func (b *background) end(o Outcome, f *flight, now time.Time) {
	b.attempt = nil
	b.collector.stats.countBackground(&o, f)
	if b.ended {
		return
	}
	first := !b.tried
	b.scheduleNext(now)
	b.setResult(o.Err, now)
	if first {
		b.engine.wakeAll() // Scrapes may wait for the first result.
	}
}

// setResult records the result of an attempt.
func (b *background) setResult(err error, now time.Time) {
	if !b.tried || (err == nil) != (b.err == nil) {
		b.since = now
	}
	b.tried, b.err = true, err
}

// scheduleNext chooses when the next attempt begins. The second attempt follows the first after a random
// time between half a period and a whole one, so that collectors registered together do not run together
// forever. From then on, attempts begin at multiples of the period. scheduleNext skips the multiples that
// passed while an earlier attempt was under way.
func (b *background) scheduleNext(now time.Time) {
	if !b.tried {
		b.next = b.next.Add(b.every - rand.N(b.every/2+1))
	}
	if late := now.Sub(b.next); late >= 0 {
		b.next = b.next.Add(late - late%b.every + b.every)
	}
	b.timetable.add(b, now)
}

func (b *background) runEnded(f *flight, err error, now time.Time) {
	if b.attempt == nil || b.attempt.flights[0] != f {
		return
	}
	f.waiters--
	o := Outcome{Err: err, Duration: now.Sub(f.start), Wait: max(0, f.start.Sub(b.attempt.scrape.began))}
	o.Given = f.buffer.Snapshot()
	b.end(o, f, now)
}

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

func (b *background) hasEnded() bool { return b.ended }

func (b *background) report(s *Stats) {
	if b.tried {
		s.LastErr, s.Since = b.err, b.since
	}
}

func (b *background) endAll(closed bool) {
	if b.ended {
		return
	}
	now := time.Now()
	switch {
	case closed:
		b.setResult(ErrClosed, now)
	case !b.tried:
		b.setResult(errUnregistered, now)
	}
	b.ended = true
	if b.timetable != nil {
		b.timetable.remove(b, now)
	}
	for _, f := range b.collector.flying {
		f.cancel()
		b.engine.move(f, onExpire)
		b.runEnded(f, fmt.Errorf("ended with the background runs: %w", context.Canceled), now)
	}
	b.engine.wakeAll()
}
