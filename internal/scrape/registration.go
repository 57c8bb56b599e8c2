package scrape

import (
	"slices"

	"github.com/luxfi/metric/internal/book"
	"github.com/luxfi/metric/internal/collect"
)

// RegistrationID tells registrations apart by the collector, not by what it describes. It is
// the same for a collector and what adapts or binds it, behind wrappings that add the same.
type RegistrationID struct {
	origin any // Of the collector; nil if it cannot be told from others. See originOf.
	added  string
}

// NewRegistrationID returns the ID of what has that origin behind these wrappings, or none if there
// is no origin that could be found again.
func NewRegistrationID(origin any, wrappings []collect.Wrapping) RegistrationID {
	if origin == nil || origin != origin { //nolint:gocritic // A NaN in it makes it different from itself.
		return RegistrationID{}
	}
	return RegistrationID{origin, addedBy(wrappings)}
}

// change calls register with the mutex held. If that fails, it may be because of a family of
// a registry inside that has gone there; then register is called once more.
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

// forgetInNested removes what registries inside do not describe any more from the book, and
// reports whether there was something. What they describe in addition is not looked at: it
// may be in conflict with others.
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

// stillDescribed returns those descriptors of a registry inside that it still has, if some
// are gone. It is called without the mutex: registries may contain each other.
func (e *Entry) stillDescribed() (left *collect.Announced, described []book.Desc, ok bool) {
	now, err := collect.Describe(e.Collector)
	if err != nil {
		return nil, nil, false
	}
	known := make(map[string]bool)
	for _, d := range now.ForBook() {
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

// shrink replaces an entry with a copy that has fewer descriptors, as scrapes may be reading
// it. It reports whether the entry was still there.
func (r *Registry) shrink(e *Entry, left *collect.Announced, described []book.Desc) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.entries, e)
	if i < 0 {
		return false
	}
	smaller := *e
	smaller.Announced, smaller.Described = left, described
	r.strike(e)
	r.write(&smaller)
	r.entries[i] = &smaller
	r.plan.Store(nil)
	return true
}
