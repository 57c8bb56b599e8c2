package scrape

import (
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// Binding is how a collector is collected from. It is decided once, at registration.
// Exactly one of Source, Run and Nested is set.
type Binding struct {
	Kind   string       // As Status names it.
	Source model.Source // One of our own instruments: no goroutine, no channel.
	Run    engine.Run   // Somebody else's code.
	Shared bool         // Run cannot see its context.
	Stream bool         // Run writes its families itself, one after the other.
	Nested *Registry    // A registry, which has an engine and limits of its own.

	Refuse collect.Refuse // Why Run is not for a scrape; nil if it is for all.

	wrappings []collect.Wrapping // Around nested, innermost first.
}

// Article returns the kind with its article.
func (b *Binding) Article() string {
	if b.Kind == "instrument" {
		return "an " + b.Kind
	}
	return "a " + b.Kind
}

// Wrap puts a wrapping around whatever it is.
func (b Binding) Wrap(w collect.Wrapping) Binding {
	switch {
	case b.Source != nil:
		b.Source = w.Source(b.Source)
	case b.Run != nil:
		b.Run = w.Run(b.Run)
	default:
		b.wrappings = append(slices.Clip(b.wrappings), w)
	}
	return b
}

// plan is an immutable view of a registry that scrapes walk.
type plan struct {
	entries []*Entry       // All of them, in the order of registration.
	natives []merge.Native // Sorted by name.
	running []*Entry       // With somebody else's code, in the order of registration.
	nested  []*Entry
	// conflicts are about instruments that do not agree with others of their name.
	conflicts []*Failure
}

// currentPlan returns the plan, which it makes if something has changed.
func (r *Registry) currentPlan() *plan {
	if p := r.plan.Load(); p != nil {
		return p
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := newPlan(slices.Clone(r.entries))
	r.plan.Store(p)
	return p
}

func newPlan(entries []*Entry) *plan {
	p := &plan{entries: entries}
	var all natives
	for _, e := range entries {
		switch {
		case e.run != nil:
			p.running = append(p.running, e)
		case e.Binding.Nested != nil:
			p.nested = append(p.nested, e)
		default:
			if _, err := all.add(e.name, e.Binding.Source); err != nil {
				p.conflicts = append(p.conflicts, &Failure{Collector: e.name, Err: err})
			}
		}
	}
	all.sort()
	p.natives = all.list
	return p
}
