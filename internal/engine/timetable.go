package engine

import (
	"container/heap"
	"context"
	"slices"
	"time"
	"weak"
)

// timetable holds the collectors of an engine that run in the background: those whose next attempt has not
// begun, and the attempts that wait for a place. All of them share one timer and at most one goroutine, and
// a timetable starts all attempts that are due at the same time while it holds the mutex once. If each
// attempt had its own goroutine, hundreds of them would stand in the way of scrapes at the engine's mutex.
// That mutex guards a timetable.
type timetable struct {
	engine *Engine

	idle    byNext
	waiting []*attempt // the most important first, then the oldest

	alarm   *time.Timer // nil before the first use; refers to the timetable weakly, see background
	alarmAt time.Time   // zero if the alarm is not set

	wake   chan struct{}       // receives when a waiting attempt is worth another try; nil if none waits
	groups map[Places]struct{} // groups that send to wake
}

// timetableOf returns the timetable of an engine. It makes one for the first collector that runs in the
// background.
func timetableOf(e *Engine) *timetable {
	t, ok := e.background.(*timetable)
	if !ok {
		t = &timetable{engine: e}
		e.background = t
	}
	return t
}

// attempt is an attempt to run a collector in the background. It has one job.
type attempt struct {
	starter

	of    *background
	tried bool // The attempt has been tried once.
}

// byNext is a heap with the earliest next attempt first.
type byNext []*background

func (h byNext) Len() int           { return len(h) }
func (h byNext) Less(i, j int) bool { return h[i].next.Before(h[j].next) }
func (h byNext) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *byNext) Push(x any) {
	b := x.(*background) //nolint:forcetypeassert // The heap has no others.
	b.index = len(*h)
	*h = append(*h, b)
}

func (h *byNext) Pop() any {
	last := len(*h) - 1
	b := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	b.index = notIdle
	return b
}

// advance begins the attempts that are due, starts those that can be started, and ends those that have waited
// too long.
func (t *timetable) advance() {
	t.engine.mu.Lock()
	now := time.Now()
	for len(t.idle) > 0 && !t.idle[0].next.After(now) {
		b := heap.Pop(&t.idle).(*background) //nolint:forcetypeassert // As above.
		t.insert(b.begin(now))
	}
	launched, tooLate := t.tryWaiting(now)
	t.setAlarm(now)
	t.engine.mu.Unlock()

	startCrew(closed, launched)
	for _, f := range launched {
		f.hints.wait()
	}
	for _, a := range tooLate {
		a.expire()
	}
}

// closed is a closed channel.
var closed = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// add adds a collector whose next attempt has not begun.
func (t *timetable) add(b *background, now time.Time) {
	heap.Push(&t.idle, b)
	t.setAlarm(now)
}

// remove removes a collector, and ends an attempt that still waits for the start of its run.
func (t *timetable) remove(b *background, now time.Time) {
	if b.index != notIdle {
		heap.Remove(&t.idle, b.index)
	}
	if a := b.attempt; a != nil && a.flights[0] == nil {
		t.waiting = slices.DeleteFunc(t.waiting, func(other *attempt) bool { return other == a })
		a.unblockAll()
		t.setWake()
		b.end(Outcome{Err: context.Canceled}, nil, now)
	}
	t.setAlarm(now)
}

// insert adds an attempt to the waiting ones.
func (t *timetable) insert(a *attempt) {
	priority := a.gate().priority()
	i := slices.IndexFunc(t.waiting, func(other *attempt) bool { return other.gate().priority() < priority })
	if i < 0 {
		i = len(t.waiting)
	}
	t.waiting = append(t.waiting, a)
	copy(t.waiting[i+1:], t.waiting[i:])
	t.waiting[i] = a
}

// tryWaiting tries the waiting attempts. It returns the runs to start and the attempts that have waited too
// long. The caller must start and end them after it has released the mutex.
func (t *timetable) tryWaiting(now time.Time) (launched []*flight, tooLate []*attempt) {
	refused := make(map[Places]int) // attempts that found their group full or, under nil, the engine
	moved := false
	kept := t.waiting[:0]
	for _, a := range t.waiting {
		group := a.gate().group()
		isOver := !a.scrape.deadline.After(now)
		if a.tried && !isOver && (refused[nil] >= enoughBlocked || refused[group] >= enoughBlocked) {
			kept = append(kept, a)
			continue
		}
		a.tried = true
		moved = a.tryPending(now, true) || moved
		switch {
		case len(a.pending) == 0:
			launched = append(launched, a.launched...)
			a.launched = nil
			if a.flights[0] == nil {
				a.of.end(a.outcomes[0], nil, now)
			}
			continue
		case isOver:
			tooLate = append(tooLate, a)
			continue
		case a.blocked[0]:
			refused[nil]++
		case group != nil && group.isFull():
			refused[group]++
		}
		kept = append(kept, a)
	}
	clear(t.waiting[len(kept):])
	t.waiting = kept
	if moved {
		t.engine.wakeOthers(t.wake) // A scrape may have waited behind it.
	}
	t.setWake()
	return launched, tooLate
}

// setWake makes sure that a goroutine is woken if, and only if, an attempt waits.
func (t *timetable) setWake() {
	if len(t.waiting) == 0 {
		if t.wake != nil {
			t.engine.stopWaking(t.wake)
			for g := range t.groups {
				g.stopWaiting(t.wake)
			}
			close(t.wake)
			t.wake, t.groups = nil, nil
		}
		return
	}
	if t.wake == nil {
		wake := make(chan struct{}, 1)
		t.wake, t.groups = wake, make(map[Places]struct{})
		t.engine.waiting = append(t.engine.waiting, wake)
		go func() {
			for range wake {
				t.advance()
			}
		}()
	}
	for _, a := range t.waiting {
		group := a.gate().group()
		if _, ok := t.groups[group]; !ok && group != nil {
			t.groups[group] = struct{}{}
			group.wait(t.wake)
			notify(t.wake) // A place may have become free a moment ago.
		}
	}
}

// setAlarm sets the timer for the next event: an attempt begins, or has waited too long.
func (t *timetable) setAlarm(now time.Time) {
	var at time.Time
	if len(t.idle) > 0 {
		at = t.idle[0].next
	}
	for _, a := range t.waiting {
		if at.IsZero() || a.scrape.deadline.Before(at) {
			at = a.scrape.deadline
		}
	}
	switch {
	case at.Equal(t.alarmAt):
	case at.IsZero():
		t.alarm.Stop()
	case t.alarm == nil:
		weakly := weak.Make(t)
		t.alarm = time.AfterFunc(at.Sub(now), func() {
			if t := weakly.Value(); t != nil {
				t.advance()
			}
		})
	default:
		t.alarm.Reset(at.Sub(now))
	}
	t.alarmAt = at
}

// gate returns the gate of the attempt's collector.
func (a *attempt) gate() *Gate { return &a.jobs[0].Collector.Gate }

// expire ends an attempt that has waited too long. The attempt may be starting its run at this very moment.
func (a *attempt) expire() {
	a.giveUpAll()
	a.engine.mu.Lock()
	defer a.engine.mu.Unlock()
	a.unblockAll()
	if a.of.attempt == a && a.flights[0] == nil {
		now := time.Now()
		a.of.end(a.outcomes[0], nil, now)
		a.of.timetable.setAlarm(now)
	}
}

// awaitEnded does the work of [Engine.AwaitEnded].
func (t *timetable) awaitEnded(wait time.Duration) (stuck []string) {
	tooLong := time.NewTimer(wait)
	defer tooLong.Stop()
	for _, f := range t.endedRuns() {
		if isClosed(f.done) {
			continue
		}
		select {
		case <-f.done:
		case <-tooLong.C:
			tooLong.Reset(0) // It fires for the next run, too.
			stuck = append(stuck, f.collector.Name)
		}
	}
	slices.Sort(stuck)
	return slices.Compact(stuck)
}

// endedRuns returns the runs under way that EndBackground has ended.
func (t *timetable) endedRuns() (runs []*flight) {
	e := t.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	for f := range e.flights {
		if f.collector.Gate.hasEnded() {
			runs = append(runs, f)
		}
	}
	return runs
}
