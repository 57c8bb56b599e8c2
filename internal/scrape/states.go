package scrape

import (
	"slices"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/instrument"
)

// State is the state of a collector, or of something else that a registry shows; see [Registry.Show].
type State struct {
	Name, Kind string
	Policies   []string
	Policy     *engine.Policy // read-only; nil without policies
	Series     int            // number of series, of an instrument
	Stats      *engine.Stats  // nil if the engine does not run it
	Limit      int            // limit for the series of a vector; 0 if unlimited
	Overflowed uint64         // look-ups that found no room in the vector
}

// Group returns the group that the collector belongs to, or nil.
func (s *State) Group() engine.Places {
	if s.Policy == nil {
		return nil
	}
	return s.Policy.Group
}

// Status returns the states of all collectors. The state of each registry is followed by the states of the
// collectors in it.
func (r *Registry) Status() []State {
	s := statuses{seen: make(map[*Registry]struct{})}
	s.add(r, "", 0)
	return s.all
}

// statuses collects the states of the collectors of a registry and those in it.
type statuses struct {
	all  []State
	seen map[*Registry]struct{}
}

// add adds the collectors of r. Their names begin with prefix.
func (s *statuses) add(r *Registry, prefix string, depth int) {
	if _, seen := s.seen[r]; seen || depth > maxNestingDepth {
		return
	}
	s.seen[r] = struct{}{}
	entries, stats := r.account()
	for _, e := range entries {
		status := State{Name: prefix + e.name, Kind: e.kind(), Policies: slices.Clone(e.Policies)}
		switch {
		case e.engineCollector != nil:
			status.Stats = &stats[0]
			stats = stats[1:]
			status.Policy = e.Policy
		case e.Binding.Source != nil:
			status.Series = e.Binding.Source.Series().Len()
		case e.Binding.Nested.Host:
			// A host stands for its single gatherer.
			if _, of := e.Binding.Nested.account(); len(of) > 0 {
				status.Stats = &of[0]
			}
		default:
			inner := prefix
			if e.named { // Without a name, its row would say nothing.
				s.all = append(s.all, status)
				inner += e.name + "/"
			}
			s.add(e.Binding.Nested, inner, depth+1)
			continue
		}
		status.limits(e.limits())
		s.all = append(s.all, status)
	}
	for _, state := range r.guests() {
		status := (*state)()
		status.Name = prefix + status.Name
		s.all = append(s.all, status)
	}
}

func (s *State) limits(of instrument.Limited) {
	if of != nil {
		u := of.Usage()
		s.Limit, s.Overflowed = u.Limit, u.Overflowed
	}
}

// Show adds a state to the states of r, after the states of its collectors, until hide is called. Scrapes do
// not see it. Status calls the function state for it, without a lock; state must not block.
func (r *Registry) Show(state func() State) (hide func()) {
	guest := &state
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, guest)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.shown = slices.DeleteFunc(r.shown, func(g *func() State) bool { return g == guest })
	}
}

func (r *Registry) guests() []*func() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.shown)
}

// account returns the entries of r, and the statistics of those that the engine runs.
func (r *Registry) account() ([]*Entry, []engine.Stats) {
	r.mu.Lock()
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	collectors := make([]*engine.Collector, 0, len(entries))
	for _, e := range entries {
		if e.engineCollector != nil {
			collectors = append(collectors, e.engineCollector)
		}
	}
	return entries, r.Engine.Stats(collectors)
}

// kind returns how a status names the collector: as it names itself, or by the way in which it is bound.
func (e *Entry) kind() string {
	if c, ok := e.Collector.(interface{ RunnerKind() string }); ok && e.Binding.Run != nil {
		return c.RunnerKind()
	}
	return e.Binding.Kind
}
