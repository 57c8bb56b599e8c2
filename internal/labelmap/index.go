package labelmap

import (
	"slices"
	"sync"
	"sync/atomic"
)

// index keeps the sorted list of the series from one scrape to the next. All fields except sorting are
// written with the mutex of the map held.
type index[C any] struct {
	sorting sync.Mutex // held by the goroutine that makes the next snapshot

	last    atomic.Pointer[snapshot[C]]
	created []*Entry[C] // entries created since last; append-only, because other goroutines read its beginning

	// deleted counts the deleted entries in last and created. They keep memory from being freed, so
	// drop limits their number.
	deleted int

	// epoch counts how often last and created were replaced by something other than the next snapshot.
	epoch uint64
}

// snapshot is the sorted list of the series that exist in one version of the map. The list is shared
// and immutable.
type snapshot[C any] struct {
	version uint64
	entries []*Entry[C]
}

// Sorted returns all series in the order of [model.CompareLabels], as they are at one moment of the
// call. The list is shared, so callers must not modify it. While no series is created or deleted,
// Sorted returns the same list at no cost.
//
// Sorting happens without the mutex that GetOrCreate takes. Only the series created since the last call
// are sorted.
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
		// In the meantime entries may have been created or deleted, and they still count as such. If
		// the epoch has changed, next is a true picture of its version, but the index cannot continue
		// from it.
		m.index.last.Store(next)
		m.index.created = append([]*Entry[C](nil), m.index.created[len(created):]...)
		m.index.deleted -= len(last.entries) + len(created) - len(next.entries)
	}
	return next.entries
}

// next returns the snapshot of a later version. created are the entries created until then.
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

// existing returns the entries that exist in the given version, in a new slice.
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

// add adds a new entry to the index.
func (x *index[C]) add(e *Entry[C]) { x.created = append(x.created, e) }

// drop records that n entries are deleted in the given version, and that live entries remain. When the index
// has more deleted than live entries, drop releases them, so that a map that is changed but never scraped
// does not grow. In return, it examines a few entries for each deleted one.
func (x *index[C]) drop(n, live int, version uint64) {
	x.deleted += n
	if x.deleted > live+minSlots {
		x.purge(version)
	}
}

// purge releases all entries that are deleted in the given version, which must be the current one.
func (x *index[C]) purge(version uint64) {
	last := x.last.Load()
	// The lists cannot be changed in place, since other goroutines may be reading them. The version
	// stays the old one, so no goroutine mistakes the list for a current snapshot.
	x.last.Store(&snapshot[C]{last.version, existing(last.entries, version)})
	x.created = existing(x.created, version)
	x.deleted = 0
	x.epoch++
}

// reset makes x the index of an empty map.
func (x *index[C]) reset(version uint64) { x.restart(&snapshot[C]{version: version}) }

// restart makes x the index of a map with the series of s.
func (x *index[C]) restart(s *snapshot[C]) {
	x.last.Store(s)
	x.created = nil
	x.deleted = 0
	x.epoch++
}
