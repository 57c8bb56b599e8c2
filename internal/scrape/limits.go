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
// vectors are of no interest to the registry.
var vectorIn atomic.Pointer[func(prometheus.Collector) any]

// KnowVectors lets registries find the vectors of this library behind collectors, log which of them have
// reached their limits, and change their settings.
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

// limiter is *limits as a Registry knows it. The interface keeps the code and the types of limits out
// of programs whose registries set none.
type limiter interface {
	// join applies the settings of the registry to what is registered.
	join(e *Entry)
	part(e *Entry)
}

// limits are those that a registry sets for the vectors that are registered with it.
type limits struct {
	budget labelmap.Budget
	expire func(instrument.Core) // Nil if series do not expire.

	mu     sync.Mutex
	joined map[instrument.Limited]int // How often each is registered.
}

// Limit lets set change the limits of a registry, which has no collectors yet.
func (r *Registry) Limit(set func(*labelmap.Budget)) { set(&r.ownLimits().budget) }

// Expire has a function called with each vector that is registered, to let its series expire.
func (r *Registry) Expire(expire func(instrument.Core)) { r.ownLimits().expire = expire }

// ownLimits returns the limits of the registry, and creates them if necessary.
func (r *Registry) ownLimits() *limits {
	l, ok := r.limits.(*limits)
	if !ok {
		l = &limits{joined: make(map[instrument.Limited]int)}
		r.limits = l
		// A program may make registries for a moment, and not unregister anything.
		runtime.AddCleanup(r, (*limits).end, l)
	}
	return l
}

// bounded reports whether there are limits for series, and not only an expiry: a vector with limits has a
// larger table.
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

func (l *limits) part(e *Entry) {
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
