package scrape

import (
	"runtime"
	"sync"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/labelmap"
)

// limiter is *limits as a Registry knows it. The interface, and that Entry.Vector is of no type,
// keep the code and the types of limits out of programs whose registries set none.
type limiter interface {
	join(e *Entry)
	part(e *Entry)
}

// vector returns the vector of this library behind the collector, or nil.
func (e *Entry) vector() instrument.Core {
	core, _ := e.Vector.(instrument.Core)
	return core
}

// limits are those that a registry sets for the vectors that are registered with it.
type limits struct {
	budget labelmap.Budget
	mu     sync.Mutex
	joined map[instrument.Limited]int // How often each is registered.
}

// Limit lets set change the limits of a registry, which has no collectors yet.
func (r *Registry) Limit(set func(*labelmap.Budget)) {
	l, ok := r.limits.(*limits)
	if !ok {
		l = &limits{joined: make(map[instrument.Limited]int)}
		r.limits = l
		// A program may make registries for a moment, and not unregister anything.
		runtime.AddCleanup(r, (*limits).end, l)
	}
	set(&l.budget)
}

// limit applies the limits of the registry to an entry that is registered, in the place of another
// one that is not any more. Both may be nil.
func (r *Registry) limit(e, old *Entry) {
	if r.limits == nil {
		return
	}
	if old != nil && old.Vector != nil {
		r.limits.part(old)
	}
	if e != nil && e.Vector != nil {
		r.limits.join(e)
	}
}

func (l *limits) join(e *Entry) {
	vector := e.vector().Limits()
	if vector == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.joined[vector]++
	vector.Join(&l.budget)
}

func (l *limits) part(e *Entry) {
	vector := e.vector().Limits()
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
