package metric

import (
	"cmp"
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// binding is how a collector is collected from. It is decided once, at registration.
// Exactly one of source, run and nested is set.
type binding struct {
	kind   string       // As Status names it.
	source model.Source // One of our own instruments: no goroutine, no channel.
	run    engine.Run   // Somebody else's code.
	shared bool         // run cannot see its context.
	stream bool         // run writes its families itself, one after the other.
	nested *core        // A registry, which has an engine and limits of its own.

	wrappings []collect.Wrapping // Around nested, innermost first.
}

// article returns the kind with its article.
func (b *binding) article() string {
	if b.kind == "instrument" {
		return "an " + b.kind
	}
	return "a " + b.kind
}

// wrap puts a wrapping around whatever it is.
func (b binding) wrap(w collect.Wrapping) binding {
	switch {
	case b.source != nil:
		b.source = w.Source(b.source)
	case b.run != nil:
		b.run = w.Run(b.run)
	default:
		b.wrappings = append(slices.Clip(b.wrappings), w)
	}
	return b
}

// plan is an immutable view of a registry that scrapes walk.
type plan struct {
	entries []*entry       // All of them, in the order of registration.
	natives []merge.Native // Sorted by name.
	running []*entry       // With somebody else's code, in the order of registration.
	nested  []*entry
	// conflicts are about instruments that do not agree with others of their name.
	conflicts []*failure
}

// currentPlan returns the plan, which it makes if something has changed.
func (r *core) currentPlan() *plan {
	if p := r.plan.Load(); p != nil {
		return p
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := newPlan(slices.Clone(r.entries))
	r.plan.Store(p)
	return p
}

func newPlan(entries []*entry) *plan {
	p := &plan{entries: entries}
	families := make(map[string]int)
	for _, e := range entries {
		switch {
		case e.run != nil:
			p.running = append(p.running, e)
		case e.binding.nested != nil:
			p.nested = append(p.nested, e)
		default:
			p.addNative(e, families)
		}
	}
	order.By(p.natives, compareNatives)
	return p
}

func compareNatives(a, b merge.Native) int { return cmp.Compare(a.Family.Name, b.Family.Name) }

func (p *plan) addNative(e *entry, families map[string]int) {
	f := e.binding.source.Family()
	i, known := families[f.Name]
	if !known {
		families[f.Name] = len(p.natives)
		p.natives = append(p.natives, merge.Native{
			Family: f, Sources: []model.Source{e.binding.source}, Owners: []string{e.name},
		})
		return
	}
	n := &p.natives[i]
	if err := merge.Conflict(f, n.Family); err != nil {
		p.conflicts = append(p.conflicts, &failure{Collector: e.name, Err: err})
	}
	if n.Family.Type != f.Type { // Any other difference costs no sample.
		return
	}
	n.Sources, n.Owners = append(n.Sources, e.binding.source), append(n.Owners, e.name)
}
