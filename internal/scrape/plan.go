package scrape

import (
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// Binding describes how to collect from a collector. It is decided once, at registration. Exactly one of
// Source, Run and Nested is set.
type Binding struct {
	Kind   string       // as named by Status
	Source model.Source // an instrument of this library, read without a goroutine or a channel
	Run    engine.Run   // user code
	Shared bool         // Run cannot see its context.
	Stream bool         // Run writes its families itself, one after the other.
	Nested *Registry    // a registry with an engine and limits of its own

	Refuse collect.Refuse // says why Run must not be part of a scrape; nil if it may be part of all

	wrappings []collect.Wrapping // wrappings around Nested, innermost first
}

// Article returns Kind with its indefinite article.
func (b *Binding) Article() string {
	if b.Kind == "instrument" {
		return "an " + b.Kind
	}
	return "a " + b.Kind
}

// Wrap returns b with a wrapping around it.
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
	entries []*Entry       // all entries, in the order of registration
	natives []merge.Native // sorted by name
	running []*Entry       // entries that run user code, in the order of registration
	nested  []*Entry
	// conflicts are about instruments that do not agree with others of their name.
	conflicts []*Failure
}

// currentPlan returns the plan. It makes a new one if the registry has changed.
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
		case e.engineCollector != nil:
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
