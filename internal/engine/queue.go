package engine

import (
	"slices"
	"time"
)

// queue holds the background attempts of an engine that could not start their run at once, and
// tries them again in one goroutine, which lasts until all have left. If each attempt waited by
// itself, the end of every run would wake them all, and hundreds of goroutines would stand in
// the way of scrapes at the engine's mutex.
type queue struct {
	engine *Engine
	wake   chan struct{} // Has a value when it is worth another look.

	// The following are guarded by the engine's mutex.
	starts []*start           // Each has one job. The most important first, then the oldest.
	gates  map[*Gate]struct{} // Those that wake the queue.
}

// runQueued does for a background attempt what run does for a scrape.
func (s *start) runQueued() {
	if !s.begin() {
		return
	}
	e := s.engine
	e.mu.Lock()
	s.tryPending(time.Now(), true)
	waits := len(s.pending) > 0
	if waits {
		e.enqueue(s)
	}
	e.mu.Unlock()
	if waits {
		select {
		case <-s.decided:
		case <-s.scrape.done:
			s.leaveQueue()
		}
	}
	s.startLaunched()
}

// leaveQueue is called when the attempt is over. The queue may have started the run at this
// very moment.
func (s *start) leaveQueue() {
	e := s.engine
	e.mu.Lock()
	if isClosed(s.decided) {
		e.mu.Unlock()
		return
	}
	q := e.queue
	q.starts = slices.DeleteFunc(q.starts, func(other *start) bool { return other == s })
	q.endIfEmpty()
	e.mu.Unlock()
	s.giveUpAll()
	e.mu.Lock()
	defer e.mu.Unlock()
	s.unblockAll()
}

// enqueue adds an attempt. The engine's mutex is held.
func (e *Engine) enqueue(s *start) {
	if e.queue == nil {
		e.queue = &queue{engine: e, wake: make(chan struct{}, 1), gates: make(map[*Gate]struct{})}
		e.waiting = append(e.waiting, e.queue.wake)
		go e.queue.run()
	}
	q, c := e.queue, s.jobs[0].Collector
	s.decided = make(chan struct{})
	i := slices.IndexFunc(q.starts, func(other *start) bool { return other.jobs[0].Collector.Gate.priority() < c.Gate.priority() })
	if i < 0 {
		i = len(q.starts)
	}
	q.starts = slices.Insert(q.starts, i, s)
	if c.Gate.wait(q.wake) {
		q.gates[&c.Gate] = struct{}{}
		notify(q.wake) // A place may have become free a moment ago.
	}
}

func (q *queue) run() {
	for range q.wake {
		if !q.look() {
			return
		}
	}
}

// look starts what can be started, and reports whether anything is left.
func (q *queue) look() bool {
	e := q.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	blocked, moved := 0, false
	kept := q.starts[:0]
	for n, s := range q.starts {
		if blocked == enoughBlocked {
			kept = append(kept, q.starts[n:]...)
			break
		}
		moved = s.tryPending(now, true) || moved
		if len(s.pending) == 0 {
			close(s.decided)
			continue
		}
		kept = append(kept, s)
		blocked += btoi(s.blocked[0])
	}
	clear(q.starts[len(kept):])
	q.starts = kept
	if moved {
		e.wakeOthers(q.wake) // A scrape may have waited behind it.
	}
	q.endIfEmpty()
	return len(q.starts) > 0
}

// endIfEmpty has the goroutine of an empty queue end. The engine's mutex is held.
func (q *queue) endIfEmpty() {
	e := q.engine
	if len(q.starts) > 0 || e.queue != q {
		return
	}
	e.queue = nil
	e.stopWaking(q.wake)
	for g := range q.gates {
		g.stopWaiting(q.wake)
	}
	notify(q.wake)
}
