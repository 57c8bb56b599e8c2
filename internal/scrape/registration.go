package scrape

import (
	"slices"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/descs"
)

// RegistrationID identifies a registration by the collector, not by what the collector describes. It is the
// same for a collector and for adapters and bindings of it, behind wrappings that add the same.
type RegistrationID struct {
	origin any // origin of the collector; nil if it has none, see originOf
	added  string
}

// NewRegistrationID returns the ID of a collector with that origin behind these wrappings. It returns the
// zero value if the origin cannot be recognized again.
func NewRegistrationID(origin any, wrappings []collect.Wrapping) RegistrationID {
	if origin == nil || origin != origin { //nolint:gocritic // A NaN in it makes it different from itself.
		return RegistrationID{}
	}
	return RegistrationID{origin, addedBy(wrappings)}
}

// change calls register with the mutex held. If register fails, the reason may be a family that a nested
// registry no longer has. Then change calls register once more.
func (r *Registry) change(register func() error) error {
	locked := func() error {
		r.mu.Lock()
		defer r.unlock()
		return register()
	}
	err := locked()
	if err != nil && r.forgetInNested() {
		return locked()
	}
	return err
}

// forgetInNested removes descriptors from the index that nested registries no longer have, and reports
// whether there were any. It does not add their new descriptors, because these may be in conflict with
// others.
func (r *Registry) forgetInNested() bool {
	r.mu.Lock()
	var nested []*Entry
	for _, e := range r.entries {
		if e.Binding.Nested != nil && len(e.Described) > 0 {
			nested = append(nested, e)
		}
	}
	r.mu.Unlock()
	changed := false
	for _, e := range nested {
		if left, described, ok := e.stillDescribed(); ok {
			changed = r.shrink(e, left, described) || changed
		}
	}
	return changed
}

// stillDescribed returns the descriptors of a nested registry that it still has, if some are gone. The
// mutex must not be held, because registries may contain each other.
func (e *Entry) stillDescribed() (left *collect.Announced, described []descs.Desc, ok bool) {
	now, err := collect.Describe(e.Collector)
	if err != nil {
		return nil, nil, false
	}
	known := make(map[string]bool)
	for _, d := range now.Descriptors() {
		known[d.ID+d.Dimensions] = true
	}
	left = &collect.Announced{Infos: e.Announced.Infos, Inner: e.Announced.Inner, Pedantic: e.Announced.Pedantic}
	for i, d := range e.Described {
		if known[d.ID+d.Dimensions] {
			left.List = append(left.List, e.Announced.List[i])
			described = append(described, d)
		}
	}
	return left, described, len(described) < len(e.Described)
}

// shrink replaces an entry with a copy that has fewer descriptors, because scrapes may be reading the
// entry. It reports whether the entry was still registered.
func (r *Registry) shrink(e *Entry, left *collect.Announced, described []descs.Desc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.entries, e)
	if i < 0 {
		return false
	}
	smaller := *e
	smaller.Announced, smaller.Described = left, described
	r.unindex(e)
	r.addToIndexes(&smaller)
	r.entries[i] = &smaller
	r.plan.Store(nil)
	return true
}
