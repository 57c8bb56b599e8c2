package metric

import (
	"slices"

	"github.com/luxfi/metric/internal/engine"
)

// state is the state of one collector.
type state struct {
	name, kind string
	policies   []string
	series     int           // Of an instrument.
	stats      *engine.Stats // Nil of one that is not run.
	group      *engine.Group // Nil if it belongs to none.
}

// status returns the states of all collectors, each registry followed by the collectors in it.
func (r *core) status() []state {
	s := statuses{seen: make(map[*core]struct{})}
	s.add(r, "", 0)
	return s.all
}

// statuses collects the states of the collectors of a registry and those in it.
type statuses struct {
	all  []state
	seen map[*core]struct{}
}

// add adds the collectors of r, whose names begin with the prefix.
func (s *statuses) add(r *core, prefix string, depth int) {
	if _, seen := s.seen[r]; seen || depth > maxNestingDepth {
		return
	}
	s.seen[r] = struct{}{}
	entries, stats := r.account()
	for _, e := range entries {
		status := state{name: prefix + e.name, kind: e.binding.kind, policies: slices.Clone(e.policies)}
		switch {
		case e.run != nil:
			status.stats = &stats[0]
			stats = stats[1:]
			if e.policy != nil && e.policy.Group != nil {
				status.group = e.policy.Group
			}
		case e.binding.source != nil:
			status.series = e.binding.source.Series().Len()
		case e.binding.nested.host:
			// It is there for a single gatherer.
			if _, of := e.binding.nested.account(); len(of) > 0 {
				status.stats = &of[0]
			}
		default:
			inner := prefix
			if e.named { // Without a name, its row would say nothing.
				s.all = append(s.all, status)
				inner += e.name + "/"
			}
			s.add(e.binding.nested, inner, depth+1)
			continue
		}
		s.all = append(s.all, status)
	}
}

// account returns the entries of r, and the accounts of those that are run.
func (r *core) account() ([]*entry, []engine.Stats) {
	r.mu.Lock()
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	collectors := make([]*engine.Collector, 0, len(entries))
	for _, e := range entries {
		if e.run != nil {
			collectors = append(collectors, e.run)
		}
	}
	return entries, r.engine.Stats(collectors)
}
