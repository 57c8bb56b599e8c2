package labelmap

import (
	"slices"
	"sync"
	"sync/atomic"
)

// index keeps the sorted list of the series from one scrape to the next. All
// fields but sorting are written under the lock of the map.
type index[C any] struct {
	sorting sync.Mutex // Held by the one who makes the next snapshot.

	last    atomic.Pointer[snapshot[C]]
	created []*Entry[C] // Since last. Only appended to: others read its beginning.

	// Deleted counts the entries of last and created that are deleted. They keep
	// memory from being freed, so they must not become many: see drop.
	deleted int

	// Epoch counts how often last and created were replaced other than by the
	// next snapshot.
	epoch uint64
}

// snapshot is the sorted list of the series that exist in one version of the
// map. The list is shared and never written to.
type snapshot[C any] struct {
	version uint64
	entries []*Entry[C]
}

// Sorted returns all series in the order of model.CompareLabels, as they are at
// one moment of the call. The list is shared: it must not be written to. As long
// as no series is created or deleted, it is the same list and costs nothing.
//
// Sorting happens without the lock that GetOrCreate takes. Only the series that
// are new since the last call are sorted.
func (m *Map[C]) Sorted() []*Entry[C] {
	if x := m.expirer(); x != nil {
		x.refresh()
	}
	if s := m.index.last.Load(); s.version == m.version.Load() {
		return s.entries
	}
	m.index.sorting.Lock()
	defer m.index.sorting.Unlock()

	m.mu.Lock()
	version := m.version.Load()
	last, created, epoch := m.index.last.Load(), m.index.created, m.index.epoch
	m.mu.Unlock()
	if last.version == version {
		return last.entries
	}

	next := last.next(version, created)

	m.mu.Lock()
	defer m.mu.Unlock()
	if m.index.epoch == epoch {
		// In the meantime entries may have been created or deleted, and they
		// still count as that. If the epoch is another one, next is a true
		// picture of its version, but not what the index continues from.
		m.index.last.Store(next)
		m.index.created = append([]*Entry[C](nil), m.index.created[len(created):]...)
		m.index.deleted -= len(last.entries) + len(created) - len(next.entries)
	}
	return next.entries
}

// next returns the snapshot of a later version, from the entries that were
// created until then.
func (s *snapshot[C]) next(version uint64, created []*Entry[C]) *snapshot[C] {
	created = existing(created, version)
	sortEntries(created)

	entries := make([]*Entry[C], 0, len(s.entries)+len(created))
	rest := s.entries
	for _, e := range created {
		n, _ := slices.BinarySearchFunc(rest, e, compareEntries)
		entries = appendExisting(entries, rest[:n], version)
		entries = append(entries, e)
		rest = rest[n:]
	}
	entries = appendExisting(entries, rest, version)
	return &snapshot[C]{version, slices.Clip(entries)}
}

// existing returns those of entries that exist in the given version, in a new
// slice.
func existing[C any](entries []*Entry[C], version uint64) []*Entry[C] {
	return appendExisting(make([]*Entry[C], 0, len(entries)), entries, version)
}

func appendExisting[C any](to, entries []*Entry[C], version uint64) []*Entry[C] {
	for _, e := range entries {
		if e.existsAt(version) {
			to = append(to, e)
		}
	}
	return to
}

// add tells the index of a new entry.
func (x *index[C]) add(e *Entry[C]) { x.created = append(x.created, e) }

// drop tells the index that n entries are deleted in the given version, and how
// many are live. When more deleted than live entries have come together it lets
// go of them, so that a map that is changed and never scraped does not grow; the
// cost is that of looking at a few entries for each one that was deleted.
func (x *index[C]) drop(n, live int, version uint64) {
	x.deleted += n
	if x.deleted > live+minSlots {
		x.purge(version)
	}
}

// purge lets go of all entries that are deleted in the given version, which is the current one.
func (x *index[C]) purge(version uint64) {
	last := x.last.Load()
	// Not in place: others may be reading both. The version stays, an old one, so
	// nobody takes the list for a snapshot.
	x.last.Store(&snapshot[C]{last.version, existing(last.entries, version)})
	x.created = existing(x.created, version)
	x.deleted = 0
	x.epoch++
}

// reset makes the index that of an empty map.
func (x *index[C]) reset(version uint64) { x.restart(&snapshot[C]{version: version}) }

// restart makes the index that of a map whose series are those of s.
func (x *index[C]) restart(s *snapshot[C]) {
	x.last.Store(s)
	x.created = nil
	x.deleted = 0
	x.epoch++
}
