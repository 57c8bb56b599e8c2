package scrape

import (
	"fmt"
	"slices"
)

// NamedEntry is an entry with the name to register it under. The name may be empty.
type NamedEntry struct {
	Entry *Entry
	Name  string
}

// Exchange removes the entries with the given names and adds others in one change, or changes nothing. If
// one of added is at fault, index is its position; otherwise index is -1.
func (r *Registry) Exchange(removed []string, added []NamedEntry) (index int, err error) {
	err = r.change(func() error {
		index, err = r.exchange(removed, added)
		return err
	})
	return index, err
}

// exchange does the work of [Registry.Exchange]. The mutex must be held.
func (r *Registry) exchange(removed []string, added []NamedEntry) (int, error) {
	old := make([]*Entry, 0, len(removed))
	for _, name := range removed {
		e, ok := r.byName[name]
		if !ok {
			return -1, fmt.Errorf("no collector named %q is registered", name)
		}
		if slices.Contains(old, e) {
			return -1, fmt.Errorf("the collector named %q is to be removed twice", name)
		}
		old = append(old, e)
	}
	if i, err := r.tryExchange(old, added); err != nil {
		return i, err
	}
	for _, e := range old {
		r.remove(e)
	}
	for i, n := range added {
		if err := r.add(n.Entry, n.Name); err != nil {
			panic(fmt.Sprintf("BUG: entry %d was accepted before: %v", i, err))
		}
	}
	return -1, nil
}

// tryExchange checks whether added can take the place of old. It changes the indexes and restores them, but
// touches nothing that scrapes and Status read.
func (r *Registry) tryExchange(old []*Entry, added []NamedEntry) (index int, err error) {
	var tried []*Entry
	defer func() {
		for _, e := range slices.Backward(tried) {
			r.unindex(e)
			r.releaseNumber(e)
			e.name, e.numbered = "", ""
		}
		for _, e := range old {
			r.addToIndexes(e)
		}
	}()
	for _, e := range old {
		r.unindex(e)
	}
	for i, n := range added {
		if err := r.admit(n.Entry); err != nil {
			return i, err
		}
		if n.Entry.name, err = r.chooseName(n.Name, n.Entry); err != nil {
			return i, err
		}
		r.addToIndexes(n.Entry)
		tried = append(tried, n.Entry)
	}
	return -1, nil
}
