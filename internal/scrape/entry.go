package scrape

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/book"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/order"
)

// Entry is a registered collector.
type Entry struct {
	name      string
	Collector prometheus.Collector // Nil of a gatherer.
	Called    func() string        // What an error calls it.
	Fallback  string               // Its name if none is asked for.
	Origin    any                  // Of what is run, as IdentityOf returns it; nil if it cannot be told from others.
	ID        RegistrationID
	Announced *collect.Announced
	Described []book.Desc // What is announced, for the book.
	Binding   Binding
	run       *engine.Collector // Nil for native and nested ones.
	named     bool              // The name was asked for.
	Several   bool              // The name that was asked for is meant for several collectors.
	numbered  string            // What a number may have been appended to, to make name. Empty if name was asked for.
	Number    string            // Of a member of Gatherers, as client_golang's errors begin, without the space.
	Sole      bool              // A gatherer that is all there is in a host: its errors are passed on as they are.

	Policy   *engine.Policy
	Policies []string   // What was asked for, as Status shows it.
	self     *selfState // Nil if run is.

	// Forgive, if not nil, reports whether leaving a sample out is no failure.
	Forgive func(error) bool
}

// prepare makes an entry that has its name ready to be run.
func (r *Registry) prepare(e *Entry) {
	if e.Binding.Run == nil || e.run != nil {
		return
	}
	e.run = &engine.Collector{
		Name: e.name, Run: r.around(e.name, e.Binding.Run), Shared: e.Binding.Shared, Gate: engine.NewGate(e.Policy),
		Earlier: r.leftBehind(e), Origin: e.Origin,
	}
	e.self = new(selfState)
	r.Engine.InitBackground(e.run)
	r.started = append(r.started, e.run)
}

// write notes an entry that has its name in the book and the registry's indexes.
func (r *Registry) write(e *Entry) {
	r.byName[e.name] = e
	r.book.Add(e.Described, e)
	if e.ID.origin != nil {
		r.byOrigin[e.ID] = append(r.byOrigin[e.ID], e)
	}
	for _, name := range e.Announced.Names() {
		r.families[name] = append(r.families[name], e)
	}
}

// strike removes an entry from the book and the indexes.
func (r *Registry) strike(e *Entry) {
	delete(r.byName, e.name)
	r.book.Remove(e.Described)
	if e.ID.origin != nil {
		deleteEntry(r.byOrigin, e.ID, e)
	}
	for _, name := range e.Announced.Names() {
		deleteEntry(r.families, name, e)
	}
}

// deleteEntry deletes an entry from one of the lists of an index.
func deleteEntry[K comparable](index map[K][]*Entry, key K, e *Entry) {
	others := order.DeleteFunc(index[key], func(other *Entry) bool { return other == e })
	if len(others) == 0 {
		delete(index, key)
		return
	}
	index[key] = others
}

// leave remembers an entry that is removed while its collector runs. Registered again,
// the collector must not be started while that run is stuck.
func (r *Registry) leave(e *Entry) {
	if e.run == nil {
		return
	}
	r.removed = append(r.removed, e.run)
	if e.isKnownAgain() {
		r.left = append(r.left, e.run)
	}
}

// unlock ends a change. What follows from it in the engine is done without the mutex: scrapes
// need that, too, and would wait here for their turn at the engine.
func (r *Registry) unlock() {
	started, removed := r.started, r.removed
	r.started, r.removed = nil, nil
	left := r.left
	if len(removed) > 0 {
		left = slices.Clone(left)
	}
	r.mu.Unlock()
	for _, c := range removed {
		r.Engine.EndBackground(c, false)
	}
	for _, c := range started {
		r.Engine.StartBackground(c)
	}
	if len(removed) == 0 || len(left) == 0 {
		return
	}
	idle := r.Engine.Idle(left)
	if len(idle) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = order.DeleteFunc(r.left, func(c *engine.Collector) bool { return slices.Contains(idle, c) })
}

// leftBehind returns the run that leave has remembered for the collector of e, if any.
func (r *Registry) leftBehind(e *Entry) *engine.Collector {
	if !e.isKnownAgain() {
		return nil
	}
	for _, old := range r.left {
		if old.Origin == e.Origin {
			return old
		}
	}
	return nil
}

// isKnownAgain reports whether another entry can be found to have the same origin.
func (e *Entry) isKnownAgain() bool { return e.Origin != nil }
