package scrape

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/descs"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/order"
)

// Entry is a registered collector.
type Entry struct {
	name            string
	Collector       prometheus.Collector // nil for a gatherer
	Called          func() string        // returns the collector's name for errors
	Fallback        string               // name to use if none was requested
	Origin          any                  // origin of the code that runs, as returned by IdentityOf; nil if unknown
	ID              RegistrationID
	Announced       *collect.Announced
	Described       []descs.Desc // announced descriptors, for the registry's index
	Binding         Binding
	engineCollector *engine.Collector // nil for native and nested collectors
	named           bool              // The name was requested.
	Several         bool              // The requested name may be shared by several collectors.
	numbered        string            // base of name, to which a number may have been appended; empty if name was requested
	Number          string            // number of a member of Gatherers, as client_golang's errors begin with it, without the space
	Hosted          bool              // It is the only gatherer of a host. Its errors are passed on unchanged.

	Policy   *engine.Policy
	Policies []string   // requested policies, as Status shows them
	self     *selfState // nil if engineCollector is

	// Tolerates, if not nil, reports whether leaving out a sample because of this error is no failure.
	Tolerates func(error) bool
}

// prepare makes an entry, whose name is set, ready to run.
func (r *Registry) prepare(e *Entry) {
	if e.Binding.Run == nil || e.engineCollector != nil {
		return
	}
	e.engineCollector = &engine.Collector{
		Name: e.name, Run: r.around(e.name, e.Binding.Run), Shared: e.Binding.Shared, Gate: engine.NewGate(e.Policy),
		Earlier: r.earlierRun(e), Origin: e.Origin,
	}
	e.self = new(selfState)
	r.Engine.InitBackground(e.engineCollector)
	r.started = append(r.started, e.engineCollector)
}

// addToIndexes adds an entry, whose name is set, to the indexes of the registry.
func (r *Registry) addToIndexes(e *Entry) {
	r.byName[e.name] = e
	r.index.Add(e.Described, e)
	if e.ID.origin != nil {
		r.byOrigin[e.ID] = append(r.byOrigin[e.ID], e)
	}
	for _, name := range e.Announced.Names() {
		r.families[name] = append(r.families[name], e)
	}
}

// unindex removes an entry from the indexes of the registry.
func (r *Registry) unindex(e *Entry) {
	delete(r.byName, e.name)
	r.index.Remove(e.Described)
	if e.ID.origin != nil {
		deleteEntry(r.byOrigin, e.ID, e)
	}
	for _, name := range e.Announced.Names() {
		deleteEntry(r.families, name, e)
	}
}

// deleteEntry deletes an entry from one list of an index.
func deleteEntry[K comparable](index map[K][]*Entry, key K, e *Entry) {
	others := order.DeleteFunc(index[key], func(other *Entry) bool { return other == e })
	if len(others) == 0 {
		delete(index, key)
		return
	}
	index[key] = others
}

// keepRunning remembers an entry that is removed while its collector runs. If the collector is
// registered again, it must not be started while that run is stuck.
func (r *Registry) keepRunning(e *Entry) {
	if e.engineCollector == nil {
		return
	}
	r.removed = append(r.removed, e.engineCollector)
	if e.isKnownAgain() {
		r.stillRunning = append(r.stillRunning, e.engineCollector)
	}
}

// unlock ends a change and releases the mutex. It informs the engine without holding the mutex, because
// scrapes need the mutex, too, and would have to wait for the engine.
func (r *Registry) unlock() {
	started, removed := r.started, r.removed
	r.started, r.removed = nil, nil
	stillRunning := r.stillRunning
	if len(removed) > 0 {
		stillRunning = slices.Clone(stillRunning)
	}
	r.mu.Unlock()
	for _, c := range removed {
		r.Engine.EndBackground(c, false)
	}
	for _, c := range started {
		r.Engine.StartBackground(c)
	}
	if len(removed) == 0 || len(stillRunning) == 0 {
		return
	}
	idle := r.Engine.Idle(stillRunning)
	if len(idle) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stillRunning = order.DeleteFunc(r.stillRunning, func(c *engine.Collector) bool { return slices.Contains(idle, c) })
}

// earlierRun returns the engine's collector that keepRunning has remembered for e, or nil.
func (r *Registry) earlierRun(e *Entry) *engine.Collector {
	if !e.isKnownAgain() {
		return nil
	}
	for _, old := range r.stillRunning {
		if old.Origin == e.Origin {
			return old
		}
	}
	return nil
}

// isKnownAgain reports whether another entry can be recognized to have the same origin.
func (e *Entry) isKnownAgain() bool { return e.Origin != nil }
