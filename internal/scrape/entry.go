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
	Called          func() string        // returns a description of the collector for errors
	Fallback        string               // name that the collector gets if none was requested
	Origin          any                  // origin of the code that runs, as returned by IdentityOf; nil if unknown
	ID              RegistrationID
	Announced       *collect.Announced
	Described       []descs.Desc // announced descriptors, for the registry's index
	Binding         Binding
	engineCollector *engine.Collector // nil for native and nested collectors
	named           bool              // whether the name was requested, as with WithName
	Several         bool              // whether several collectors may request this name
	numbered        string            // name before a number was appended; empty if the name must stay as it is
	Number          string            // such as "[from Gatherer #1]", for a member of Gatherers; begins its errors
	Hosted          bool              // whether it is the only gatherer of a host; its errors are passed on unchanged

	Policy   *engine.Policy
	Policies []string   // requested policies, as Status shows them
	self     *selfState // nil if engineCollector is nil

	// Tolerates, if not nil, reports whether the collector still succeeds if a sample is left out because of
	// this error.
	Tolerates func(error) bool
}

// prepare makes an entry ready to run. The entry must have its name.
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

// addToIndexes adds an entry to the indexes of the registry. The entry must have its name.
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

// keepRunning remembers the collector of a removed entry, because it may still run. If the collector is
// registered again, the engine must not start it while that run is stuck.
func (r *Registry) keepRunning(e *Entry) {
	if e.engineCollector == nil {
		return
	}
	r.removed = append(r.removed, e.engineCollector)
	if e.isKnownAgain() {
		r.stillRunning = append(r.stillRunning, e.engineCollector)
	}
}

// unlock ends a change and releases the mutex. Only then does it inform the engine: scrapes need the mutex,
// too, and should not wait for the engine.
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

// earlierRun returns the engine.Collector that keepRunning has remembered for the collector of e, or nil.
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

// isKnownAgain reports whether the registry can recognize the collector if it is registered again.
func (e *Entry) isKnownAgain() bool { return e.Origin != nil }
