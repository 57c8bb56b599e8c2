package scrape

import (
	"runtime"
	"sync"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/labelmap"
)

// limits are those that a registry sets for the vectors that are registered with it. The fields
// with functions keep this code out of programs whose registries set none.
type limits struct {
	enter, leave func(*limits, *Entry)

	budget labelmap.Budget
	mu     sync.Mutex
	joined map[instrument.Limited]int // How often each is registered.
}

// Limit lets set change the limits of a registry, which has no collectors yet.
func (r *Registry) Limit(set func(*labelmap.Budget)) {
	if r.limits == nil {
		r.limits = &limits{enter: (*limits).join, leave: (*limits).part, joined: make(map[instrument.Limited]int)}
		// A program may make registries for a moment, and not unregister anything.
		runtime.AddCleanup(r, (*limits).end, r.limits)
	}
	set(&r.limits.budget)
}

// limit applies the limits of the registry to an entry that is registered, in the place of another
// one that is not any more. Both may be nil.
func (r *Registry) limit(e, old *Entry) {
	if r.limits == nil {
		return
	}
	if old != nil && old.Vector != nil {
		r.limits.leave(r.limits, old)
	}
	if e != nil && e.Vector != nil {
		r.limits.enter(r.limits, e)
	}
}

func (l *limits) join(e *Entry) {
	vector := e.Vector.Limits()
	if vector == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.joined[vector]++
	vector.Join(&l.budget)
}

func (l *limits) part(e *Entry) {
	vector := e.Vector.Limits()
	if vector == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.joined[vector]--; l.joined[vector] <= 0 {
		delete(l.joined, vector)
	}
	vector.Leave(&l.budget)
}

// end lets go of all vectors when the registry does not exist any more.
func (l *limits) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for vector, times := range l.joined {
		for range times {
			vector.Leave(&l.budget)
		}
	}
	clear(l.joined)
}
