package engine

import (
	"sync"
	"sync/atomic"
)

// mutex is a sync.Mutex to which work can be left by those who need not wait for it. On a
// machine that has more to do than it can, each goroutine that waits for a mutex has to be
// scheduled before the next can have it. When a deadline ends the runs of hundreds of collectors,
// their ends are noted by whoever has the mutex, in less time than one such change takes.
type mutex struct {
	held sync.Mutex
	left atomic.Pointer[task] // The last one first.
}

// task is something to do. It is used once.
type task struct {
	do   func()
	next *task
}

// Lock locks m.
func (m *mutex) Lock() { m.held.Lock() }

// Unlock unlocks m. Before, it does what was left to do.
func (m *mutex) Unlock() {
	for {
		m.doLeft()
		m.held.Unlock()
		// Whoever has left something since has found m locked, and is gone.
		if m.left.Load() == nil || !m.held.TryLock() {
			return
		}
	}
}

// Do has t done with m locked: before it returns if m is free, or else soon, by whoever has
// locked it. It does not wait. What the same goroutine leaves is done in that order.
func (m *mutex) Do(t *task) {
	for {
		t.next = m.left.Load()
		if m.left.CompareAndSwap(t.next, t) {
			break
		}
	}
	if m.held.TryLock() {
		m.Unlock()
	}
}

// doLeft does what was left to do, the first one first.
func (m *mutex) doLeft() {
	var first *task
	for t := m.left.Swap(nil); t != nil; {
		next := t.next
		t.next, first = first, t
		t = next
	}
	for ; first != nil; first = first.next {
		first.do()
	}
}
