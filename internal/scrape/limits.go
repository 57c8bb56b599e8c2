package scrape

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/labelmap"
)

// vectorIn returns the instrument.Core behind a collector, or nil. It is not set in programs whose
// registries need not know vectors.
var vectorIn atomic.Pointer[func(prometheus.Collector) any]

// KnowVectors lets registries find the vectors of this library behind collectors. They can then log which
// vectors have reached their limits, and change the settings of vectors.
func KnowVectors(in func(prometheus.Collector) any) {
	vectorIn.CompareAndSwap(nil, &in)
	report := (*Scrape).logOverflows
	overflowLog.CompareAndSwap(nil, &report)
}

// vector returns the vector of this library behind the collector, or nil.
func (e *Entry) vector() instrument.Core {
	if in := vectorIn.Load(); in != nil && e.Collector != nil {
		core, _ := (*in)(e.Collector).(instrument.Core)
		return core
	}
	return nil
}

// limits returns the limits of the vector behind the collector, or nil.
func (e *Entry) limits() instrument.Limited {
	if core := e.vector(); core != nil {
		return core.Limits()
	}
	return nil
}

// limiter is implemented by *limits. The interface keeps the code and the types of limits out of programs
// whose registries set none.
type limiter interface {
	// join applies the settings of the registry to the vector behind e.
	join(e *Entry)
	// leave undoes one join.
	leave(e *Entry)
}

// limits are the limits that a registry sets for the vectors registered with it.
type limits struct {
	budget labelmap.Budget
	expire func(instrument.Core) // nil if series do not expire

	mu     sync.Mutex
	joined map[instrument.Limited]int // how often each vector is registered
}

// Limit calls set to change the limits of a registry. The registry must not have collectors yet.
func (r *Registry) Limit(set func(*labelmap.Budget)) { set(&r.ownLimits().budget) }

// Expire sets a function that is called with each registered vector to let its series expire.
func (r *Registry) Expire(expire func(instrument.Core)) { r.ownLimits().expire = expire }

// ownLimits returns the limits of the registry, and creates them if necessary.
func (r *Registry) ownLimits() *limits {
	l, ok := r.limits.(*limits)
	if !ok {
		l = &limits{joined: make(map[instrument.Limited]int)}
		r.limits = l
		// A program may make registries for a moment and unregister nothing.
		runtime.AddCleanup(r, (*limits).end, l)
	}
	return l
}

// bounded reports whether series are limited, and not only expire. A vector with limits has a larger table.
func (l *limits) bounded() bool { return l.budget.Series > 0 || l.budget.Values.Bytes > 0 }

func (l *limits) join(e *Entry) {
	if core := e.vector(); core != nil && l.expire != nil {
		l.expire(core)
	}
	vector := e.limits()
	if vector == nil || !l.bounded() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.joined[vector]++
	vector.Join(&l.budget)
}

func (l *limits) leave(e *Entry) {
	vector := e.limits()
	if vector == nil || !l.bounded() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.joined[vector]--; l.joined[vector] <= 0 {
		delete(l.joined, vector)
	}
	vector.Leave(&l.budget)
}

// end releases all vectors when the registry no longer exists.
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
