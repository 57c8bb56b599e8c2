package labelmap

import "slices"

// Swap moves all series of fresh, which must be from [Map.NewLike], into m. They replace those for
// which match returns true, or all if match is nil. match must return true for every series in fresh
// except the overflow series. For [Map.Sorted] this is one change: it returns the series from before or
// those from after.
//
// If both maps have an overflow series and match is not nil, merge adds the counts of fresh's overflow series
// to the one of m. If merge is nil, the overflow series of fresh replaces the one of m.
//
// Afterwards fresh is an empty map that is independent of m. A series that is created in it while Swap
// runs is either moved or stays in fresh, as a whole.
//
// match and merge are called while the mutex of m is held: they must be code of the vector itself, and
// must use neither map.
func (m *Map[C]) Swap(fresh *Map[C], match func(*Entry[C]) bool, merge func(to, from *C)) {
	entries := fresh.take()
	if l, from := m.limit.Load(), fresh.limit.Load(); l != nil && from != nil {
		l.adopt(from)
	}
	if match == nil {
		m.replaceAll(entries)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if merge != nil {
		entries = m.mergeOverflow(entries, merge)
	}
	match = m.orOverflow(entries, match)
	version := m.version.Load() + 1
	old := m.table.Load()
	var kept, replaced []*Entry[C]
	for e := range old.all() {
		if match(e) {
			replaced = append(replaced, e)
		} else {
			kept = append(kept, e)
		}
	}
	t := newTable[C](len(kept)+len(entries), old.thin)
	t.insertAll(kept)
	t.insertAll(entries)

	m.version.Store(version)
	m.table.Store(t)
	m.front.drop()
	for _, e := range replaced {
		e.state.Store(version)
	}
	live := len(kept) + len(entries)
	m.live.Store(int64(live))
	m.index.created = append(m.index.created, entries...)
	m.index.drop(len(replaced), live, version)
	m.recount()
	if x := m.expirer(); x != nil {
		x.swapped(entries, match)
	}
}

// mergeOverflow merges the overflow series in entries with the one of m, and removes it from entries. The
// caller must hold the mutex of m.
func (m *Map[C]) mergeOverflow(entries []*Entry[C], merge func(to, from *C)) []*Entry[C] {
	i := slices.IndexFunc(entries, m.hasOverflowValues)
	if i < 0 {
		return entries
	}
	values := m.overflowValues()
	to := m.find(values)
	if x := m.expirer(); to == nil && x != nil && m.expired(x, m.hash(values), values) != nil {
		to = m.create(values, nil) // It returns from expiry.
	}
	if to == nil {
		return entries
	}
	merge(&to.Child, &entries[i].Child)
	return slices.Delete(entries, i, i+1)
}

// orOverflow returns a match that also matches the overflow series, if that is among the entries.
func (m *Map[C]) orOverflow(entries []*Entry[C], match func(*Entry[C]) bool) func(*Entry[C]) bool {
	if !slices.ContainsFunc(entries, m.hasOverflowValues) {
		return match
	}
	return func(e *Entry[C]) bool { return match(e) || m.hasOverflowValues(e) }
}

func (m *Map[C]) hasOverflowValues(e *Entry[C]) bool { return isOverflow(m.layout.Values(e.Labels())) }

// take removes all series and returns them. Unlike deleted ones, they can be put into another map with
// the same layout and hash.
func (m *Map[C]) take() []*Entry[C] {
	m.mu.Lock()
	defer m.mu.Unlock()
	entries := make([]*Entry[C], 0, m.live.Load())
	for e := range m.table.Load().all() {
		entries = append(entries, e)
	}
	m.reset()
	return entries
}

// replaceAll replaces all series by entries, which must be in no other map. It makes the table and the
// sorted list before it takes the mutex, so that goroutines that create series do not wait for them.
func (m *Map[C]) replaceAll(entries []*Entry[C]) {
	t := newTable[C](len(entries), m.table.Load().thin)
	t.insertAll(entries)
	sortEntries(entries)

	m.mu.Lock()
	defer m.mu.Unlock()
	version := m.version.Add(1)
	m.table.Store(t)
	m.front.drop()
	m.index.restart(&snapshot[C]{version, entries}) // after the table, as in reset
	m.live.Store(int64(len(entries)))
	m.recount()
	if x := m.expirer(); x != nil {
		x.reset()
	}
}

// insertAll inserts entries into a table without tombstones that has room for them.
func (t *table[C]) insertAll(entries []*Entry[C]) {
	for _, e := range entries {
		t.insert(e, nil)
	}
}
