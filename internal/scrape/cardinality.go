package scrape

import (
	"cmp"
	"slices"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/order"
)

// Vector is the state of a vector.
type Vector struct {
	labelmap.Usage

	Collector string // collector name as in State
	Family    string // name as registered, without the prefixes of registries around
	Exposed   string // name in a scrape; empty if it is not known or not in the scrape
	Shared    int    // limit of its registry for all vectors together; 0 if unlimited
	Labels    []labelmap.LabelUsage
	Bytes     int

	limits instrument.Limited
}

// Cardinality returns the vectors with the most series, at most top of them, the largest first. A vector
// that is in several registries appears once.
func (r *Registry) Cardinality(top int) []Vector {
	v := vectors{seen: make(map[*Registry]struct{}), known: make(map[instrument.Limited]struct{})}
	v.add(&part{registry: r}, "", 0)
	order.By(v.all, func(a, b Vector) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), cmp.Compare(a.Collector, b.Collector))
	})
	largest := v.all[:min(max(0, top), len(v.all))]
	for i := range largest {
		largest[i].Labels, largest[i].Bytes = largest[i].limits.Labels()
	}
	return largest
}

// vectors collects the vectors of a registry and those in it.
type vectors struct {
	all   []Vector
	seen  map[*Registry]struct{}
	known map[instrument.Limited]struct{}
}

// add adds the vectors of a registry. The names of its collectors begin with prefix.
func (v *vectors) add(p *part, prefix string, depth int) {
	r := p.registry
	if _, seen := v.seen[r]; seen || depth > maxNestingDepth {
		return
	}
	v.seen[r] = struct{}{}
	for _, e := range r.currentPlan().entries {
		switch {
		case e.vector() != nil:
			v.addVector(p, prefix, e)
		case e.Binding.Nested != nil:
			inner := prefix
			if e.named {
				inner += e.name + "/"
			}
			nested := &part{registry: e.Binding.Nested, wrappings: slices.Concat(e.Binding.wrappings, p.wrappings)}
			v.add(nested, inner, depth+1)
		}
	}
}

func (v *vectors) addVector(p *part, prefix string, e *Entry) {
	limited := e.limits()
	if limited == nil {
		return
	}
	if _, known := v.known[limited]; known {
		return
	}
	v.known[limited] = struct{}{}
	vector := Vector{Usage: limited.Usage(), Collector: prefix + e.name, Family: e.family(), limits: limited}
	vector.Exposed, _ = p.nameOfFamily(vector.Family)
	if l, ok := p.registry.limits.(*limits); ok {
		vector.Shared = int(l.budget.Series)
	}
	v.all = append(v.all, vector)
}
