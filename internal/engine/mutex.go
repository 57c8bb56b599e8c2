package engine

import (
	"sync"
	"sync/atomic"
)

// mutex is a sync.Mutex that also accepts tasks for its current holder, so that callers need not
// block on it. On an overloaded machine, every waiting goroutine must be scheduled before the
// next one can take a mutex. When a deadline ends the runs of hundreds of collectors, the holder
// does the bookkeeping for all of them in less time than a single context switch takes.
type mutex struct {
	held    sync.Mutex
	pending atomic.Pointer[task] // last task first
}

// task is a function to call once.
type task struct {
	do   func()
	next *task
}

// Lock locks m.
func (m *mutex) Lock() { m.held.Lock() }

// Unlock runs the pending tasks and unlocks m.
func (m *mutex) Unlock() {
	for {
		m.doPending()
		m.held.Unlock()
		// A task that was added in the meantime found m locked, so its goroutine has left it to this one.
		if m.pending.Load() == nil || !m.held.TryLock() {
			return
		}
	}
}

// Do runs t with m locked: at once if m is free, otherwise the current holder runs it before it
// unlocks m. Do never blocks. Tasks of one goroutine run in the order of its calls.
func (m *mutex) Do(t *task) {
	for {
		t.next = m.pending.Load()
		if m.pending.CompareAndSwap(t.next, t) {
			break
		}
	}
	if m.held.TryLock() {
		m.Unlock()
	}
}

// doPending runs the pending tasks, oldest first.
func (m *mutex) doPending() {
	var first *task
	for t := m.pending.Swap(nil); t != nil; {
		next := t.next
		t.next, first = first, t
		t = next
	}
	for ; first != nil; first = first.next {
		first.do()
	}
}
