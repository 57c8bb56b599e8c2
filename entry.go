package metric

import (
	"slices"

	"github.com/luxfi/metric/internal/book"
	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
)

// entry is a registered collector.
type entry struct {
	name      string
	collector Collector     // Nil of a gatherer.
	called    func() string // What an error calls it.
	fallback  string        // Its name if none is asked for.
	origin    any           // Of what is run; see originOf.
	id        registrationID
	announced *collect.Announced
	described []book.Desc // What is announced, for the book.
	binding   binding
	run       *engine.Collector // Nil for native and nested ones.
	named     bool              // The name was asked for.
	several   bool              // The name that was asked for is meant for several collectors.
	numbered  string            // What a number may have been appended to, to make name. Empty if name was asked for.
	number    string            // Of a member of Gatherers, as client_golang's errors begin, without the space.
	sole      bool              // A gatherer that is all there is in a host: its errors are passed on as they are.

	policy   *engine.Policy
	policies []string   // What was asked for, as Status shows it.
	self     *selfState // Nil if run is.

	// forgive, if not nil, reports whether leaving a sample out is no failure.
	forgive func(error) bool
}

// prepare makes an entry that has its name ready to be run.
func (r *core) prepare(e *entry) {
	if e.binding.run == nil || e.run != nil {
		return
	}
	e.run = &engine.Collector{
		Name: e.name, Run: r.around(e.name, e.binding.run), Shared: e.binding.shared, Gate: engine.NewGate(e.policy),
		Earlier: r.leftBehind(e), Origin: e.origin,
	}
	e.self = new(selfState)
	r.engine.StartBackground(e.run)
}

// write notes an entry that has its name in the book and the registry's indexes.
func (r *core) write(e *entry) {
	r.byName[e.name] = e
	r.book.Add(e.described, e)
	if e.id.origin != nil {
		r.byOrigin[e.id] = append(r.byOrigin[e.id], e)
	}
	for _, name := range e.announced.Names() {
		r.families[name] = append(r.families[name], e)
	}
}

// strike removes an entry from the book and the indexes.
func (r *core) strike(e *entry) {
	delete(r.byName, e.name)
	r.book.Remove(e.described)
	if e.id.origin != nil {
		deleteEntry(r.byOrigin, e.id, e)
	}
	for _, name := range e.announced.Names() {
		deleteEntry(r.families, name, e)
	}
}

// deleteEntry deletes an entry from one of the lists of an index.
func deleteEntry[K comparable](index map[K][]*entry, key K, e *entry) {
	others := slices.DeleteFunc(index[key], func(other *entry) bool { return other == e })
	if len(others) == 0 {
		delete(index, key)
		return
	}
	index[key] = others
}

// leave remembers an entry that is removed while its collector runs. Registered again,
// the collector must not be started while that run is stuck.
func (r *core) leave(e *entry) {
	r.engine.EndBackground(e.run, false)
	if e.run != nil && e.isKnownAgain() {
		r.left = append(r.left, e.run)
	}
	r.left = r.engine.KeepRunning(r.left)
}

// leftBehind returns the run that leave has remembered for the collector of e, if any.
func (r *core) leftBehind(e *entry) *engine.Collector {
	if !e.isKnownAgain() {
		return nil
	}
	for _, old := range r.left {
		if old.Origin == e.origin {
			return old
		}
	}
	return nil
}

// isKnownAgain reports whether another entry can be found to have the same origin.
func (e *entry) isKnownAgain() bool { return e.origin != nil }
