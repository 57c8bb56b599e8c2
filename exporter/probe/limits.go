package probe

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// backlogFactor times a limit of concurrent probes is the limit of waiting probes, in total and for one
// target, and of abandoned probes in total.
const backlogFactor = 10

// limits are the limits of concurrent probes.
type limits struct {
	concurrent int // in total
	perTarget  int // for one target and module
}

// slotKey identifies the probes that perTarget limits.
type slotKey struct{ module, target string }

// limiter makes probes wait until they may run. The zero value allows no probes.
//
// A probe runs until it either returns or is abandoned. While it runs, it counts in total and for its
// target. An abandoned probe counts only for its target until it returns, so a target that hangs takes
// nothing from others.
type limiter struct {
	mu        sync.Mutex
	limits    limits
	running   int
	abandoned int
	targets   map[slotKey]*targetSlots // targets with a running or abandoned probe
	queue     []*waiter                // in order of arrival
}

// targetSlots counts the probes of a target by a module.
type targetSlots struct {
	running, abandoned int
}

// waiter is a waiting probe. Its channel has room for its only answer.
type waiter struct {
	key    slotKey
	answer chan error
}

var (
	errQueueFull        = errors.New("too many probes wait already")
	errTargetQueueFull  = errors.New("too many probes of the target wait already")
	errTooManyAbandoned = errors.New("too many probes were left behind because they do not return; the prober should heed its context")
)

// setLimits changes the limits. Running probes are not affected.
func (l *limiter) setLimits(to limits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits = to
	l.serve()
}

// acquire waits until a probe may run. It returns an error if ctx ends first, or if waiting is
// pointless. The caller must call release after the probe has returned. If it abandons the probe, it
// must call abandon before that.
func (l *limiter) acquire(ctx context.Context, key slotKey) error {
	w := &waiter{key: key, answer: make(chan error, 1)}
	l.mu.Lock()
	// Probes in the queue cannot run now, or serve would have let them. So this one takes nothing from
	// them.
	if !l.answer(w) {
		if err := l.enqueue(w); err != nil {
			l.mu.Unlock()
			return err
		}
	}
	l.mu.Unlock()
	select {
	case err := <-w.answer:
		return err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case err := <-w.answer: // The answer was faster.
		return err
	default:
	}
	for i, other := range l.queue {
		if other == w {
			l.queue = append(l.queue[:i:i], l.queue[i+1:]...)
			break
		}
	}
	return fmt.Errorf("waited in vain for one of %d probes of all targets, or %d of this target, to end: %w",
		l.limits.concurrent, l.limits.perTarget, context.Cause(ctx))
}

// enqueue makes a probe wait unless too many do. One target cannot take the places of others. The caller
// holds l.mu.
func (l *limiter) enqueue(w *waiter) error {
	if len(l.queue)/backlogFactor >= l.limits.concurrent {
		return errQueueFull
	}
	same := 0
	for _, other := range l.queue {
		if other.key == w.key {
			same++
		}
	}
	if same/backlogFactor >= l.limits.perTarget {
		return errTargetQueueFull
	}
	l.queue = append(l.queue, w)
	return nil
}

// abandon records that a running probe has been abandoned.
func (l *limiter) abandon(key slotKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slots := l.targets[key]
	slots.running--
	slots.abandoned++
	l.running--
	l.abandoned++
	l.serve()
}

// release records that a probe has returned. wasAbandoned says whether it had been abandoned.
func (l *limiter) release(key slotKey, wasAbandoned bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	slots := l.targets[key]
	if wasAbandoned {
		slots.abandoned--
		l.abandoned--
	} else {
		slots.running--
		l.running--
	}
	if *slots == (targetSlots{}) {
		delete(l.targets, key)
	}
	l.serve()
}

// counts returns the number of running and of abandoned probes.
func (l *limiter) counts() (running, abandoned int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running, l.abandoned
}

// serve answers all waiters that can be answered now. The caller holds l.mu.
func (l *limiter) serve() {
	waiting := l.queue[:0]
	for _, w := range l.queue {
		if answered := l.answer(w); !answered {
			waiting = append(waiting, w)
		}
	}
	clear(l.queue[len(waiting):])
	l.queue = waiting
}

func (l *limiter) answer(w *waiter) bool {
	slots := l.targets[w.key]
	if slots == nil {
		slots = &targetSlots{}
	}
	switch {
	case slots.abandoned >= l.limits.perTarget:
		w.answer <- fmt.Errorf("all %d probes that the target may have at once were left behind because they do not return", l.limits.perTarget)
		return true
	case l.abandoned/backlogFactor >= l.limits.concurrent:
		w.answer <- errTooManyAbandoned
		return true
	case l.running >= l.limits.concurrent, slots.running+slots.abandoned >= l.limits.perTarget:
		return false
	}
	slots.running++
	l.running++
	if l.targets == nil {
		l.targets = make(map[slotKey]*targetSlots)
	}
	l.targets[w.key] = slots
	w.answer <- nil
	return true
}
