package engine

import (
	"container/heap"
	"slices"
	"time"
	"weak"
)

// timetable has the collectors of an engine that run in the background: those whose next attempt
// is yet to begin, and the attempts that wait for a place. However many there are, they
// have one timer and at most one goroutine, and what is due together is started with the mutex
// taken once. If each attempt looked after itself, hundreds of goroutines would stand in the way
// of scrapes at the engine's mutex. The engine's mutex guards a timetable.
type timetable struct {
	idle    byNext
	waiting []*start // Each has one job. The most important first, then the oldest.

	alarm   *time.Timer // Nil before the first use. It refers to the engine weakly; see background.
	alarmAt time.Time   // Zero if it is not set.

	wake   chan struct{}       // Receives when an attempt that waits is worth another try; nil if none waits.
	groups map[*Group]struct{} // Those that send to wake.
}

// byNext is a heap, the collector whose attempt comes next first.
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

// tend begins the attempts that are due, starts those that can be, and ends those that have
// waited for too long.
func (e *Engine) tend() {
	e.mu.Lock()
	now := time.Now()
	t := &e.timetable
	for len(t.idle) > 0 && !t.idle[0].next.After(now) {
		b := heap.Pop(&t.idle).(*background) //nolint:forcetypeassert // As above.
		t.insert(b.begin(now))
	}
	launched, tooLate := e.tryWaiting(now)
	e.setAlarm(now)
	e.mu.Unlock()

	startCrew(closed, launched)
	for _, f := range launched {
		f.hints.wait()
	}
	for _, s := range tooLate {
		s.giveUpAttempt()
	}
}

// closed is closed.
var closed = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// insert adds an attempt to those that wait.
func (t *timetable) insert(s *start) {
	priority := s.jobs[0].Collector.Gate.priority()
	i := slices.IndexFunc(t.waiting, func(other *start) bool { return other.jobs[0].Collector.Gate.priority() < priority })
	if i < 0 {
		i = len(t.waiting)
	}
	t.waiting = append(t.waiting, s)
	copy(t.waiting[i+1:], t.waiting[i:])
	t.waiting[i] = s
}

// tryWaiting tries the attempts that wait. It returns runs, which the caller has to have run
// without the mutex, and attempts that have waited for too long, which it has to give up.
func (e *Engine) tryWaiting(now time.Time) (launched []*flight, tooLate []*start) {
	t := &e.timetable
	refused := make(map[*Group]int) // Attempts that found their group full or, under nil, the engine.
	moved := false
	kept := t.waiting[:0]
	for _, s := range t.waiting {
		group := s.jobs[0].Collector.Gate.group()
		isOver := !s.scrape.deadline.After(now)
		if s.tried && !isOver && (refused[nil] >= enoughBlocked || refused[group] >= enoughBlocked) {
			kept = append(kept, s)
			continue
		}
		s.tried = true
		moved = s.tryPending(now, true) || moved
		switch {
		case len(s.pending) == 0:
			launched = append(launched, s.launched...)
			s.launched = nil
			if s.flights[0] == nil {
				s.attempt.end(s.outcomes[0], false, now)
			}
			continue
		case isOver:
			tooLate = append(tooLate, s)
			continue
		case s.blocked[0]:
			refused[nil]++
		case group != nil && group.isFull():
			refused[group]++
		}
		kept = append(kept, s)
	}
	clear(t.waiting[len(kept):])
	t.waiting = kept
	if moved {
		e.wakeOthers(t.wake) // A scrape may have waited behind it.
	}
	e.setWake()
	return launched, tooLate
}

// setWake sees to it that a goroutine is woken if an attempt waits, and only then.
func (e *Engine) setWake() {
	t := &e.timetable
	if len(t.waiting) == 0 {
		if t.wake != nil {
			e.stopWaking(t.wake)
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
		t.wake, t.groups = wake, make(map[*Group]struct{})
		e.waiting = append(e.waiting, wake)
		go func() {
			for range wake {
				e.tend()
			}
		}()
	}
	for _, s := range t.waiting {
		group := s.jobs[0].Collector.Gate.group()
		if _, ok := t.groups[group]; !ok && group != nil {
			t.groups[group] = struct{}{}
			group.wait(t.wake)
			notify(t.wake) // A place may have become free a moment ago.
		}
	}
}

// setAlarm sets the timer for what comes next: an attempt begins, or has waited for too long.
func (e *Engine) setAlarm(now time.Time) {
	t := &e.timetable
	var at time.Time
	if len(t.idle) > 0 {
		at = t.idle[0].next
	}
	for _, s := range t.waiting {
		if at.IsZero() || s.scrape.deadline.Before(at) {
			at = s.scrape.deadline
		}
	}
	switch {
	case at.Equal(t.alarmAt):
	case at.IsZero():
		t.alarm.Stop()
	case t.alarm == nil:
		weakly := weak.Make(e)
		t.alarm = time.AfterFunc(at.Sub(now), func() {
			if e := weakly.Value(); e != nil {
				e.tend()
			}
		})
	default:
		t.alarm.Reset(at.Sub(now))
	}
	t.alarmAt = at
}

// giveUpAttempt ends an attempt that has waited for too long. It may start a run at this very
// moment.
func (s *start) giveUpAttempt() {
	s.giveUpAll()
	e := s.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	s.unblockAll()
	if s.attempt.attempt == s && s.flights[0] == nil {
		now := time.Now()
		s.attempt.end(s.outcomes[0], false, now)
		e.setAlarm(now)
	}
}
