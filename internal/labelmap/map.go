// Package labelmap implements the index of a vector: from label values to series.
//
// Finding a series takes no lock and allocates nothing. Series are created and deleted under a mutex
// for which no reader ever waits, and the sorted list that a scrape reads is kept from scrape to
// scrape.
package labelmap

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// Map holds the series of one vector. It is safe for concurrent use. Methods that take values need one
// for each name of the layout, in the order of the names; only Get checks this.
//
// Publication order: a goroutine that changes the map first advances version, then makes the change
// visible in table. A goroutine that has seen a change through Get therefore never gets an older list
// from Sorted.
//
// Lock order: sorting before mu. Neither is held during a callback that may be user code; see
// GetOrCreate and DeleteFunc.
type Map[C any] struct {
	// Every Get reads the following fields; only a rebuild of the table writes them.
	layout *model.Layout
	table  atomic.Pointer[table[C]]
	count  int                   // number of names
	mask   uint64                // bits of the hash in use: all of them, except in tests
	limit  atomic.Pointer[limit] // nil if no limit was ever set

	// Every new series writes the following fields. Without the distance, each of these writes would
	// cost all readers a cache miss.
	_ [64]byte

	mu        sync.Mutex // held during changes of the map
	live      atomic.Int64
	tombstone *Entry[C] // in the slots of deleted series; nil before the first deletion

	// version counts the changes. It is written with mu held.
	version atomic.Uint64

	index index[C]

	expiry      atomic.Pointer[expirer[C]] // nil if series do not expire
	expiryUsage expiryUsage                // settings and counts of the expiry
	front       *Front                     // may be nil; see UseFront
}

// New returns an empty map of series with the given layout.
func New[C any](layout *model.Layout) *Map[C] {
	m := &Map[C]{layout: layout, count: len(layout.Names()), mask: ^uint64(0)}
	m.table.Store(newTable[C](0, 0))
	m.index.reset(0)
	return m
}

// hash returns the hash of values with liveBit set.
func (m *Map[C]) hash(values []string) uint64 { return hashOf(values)&m.mask | liveBit }

// hashOf returns the hash of the values of e, which may be deleted.
func (m *Map[C]) hashOf(e *Entry[C]) uint64 { return m.hash(m.layout.Values(e.Labels())) }

// Get returns the series with the given values. If the series does not exist and a limit leaves no room
// for it, Get returns the overflow series if that exists. Otherwise, and if the number of values is
// wrong, Get returns nil. A nil map has no series. Get takes no lock and does not allocate.
//
// Get is one function except for the hash and the comparison: a lookup takes some 25 ns, and a call,
// which must save registers, takes 1 or 2 of them.
func (m *Map[C]) Get(values []string) *Entry[C] {
	if m == nil || len(values) != m.count {
		return nil
	}
	slots := m.table.Load().slots
	h := m.hash(values)
	mask := uint64(len(slots) - 1)
	for i := h; ; i++ {
		e := slots[i&mask].Load()
		if e == nil {
			if l := m.limit.Load(); l != nil {
				return (*Entry[C])(unsafe.Pointer(l.divert(values)))
			}
			return nil
		}
		// The tombstone's state is not a hash. Different values may have equal hashes.
		if e.state.Load() == h && m.layout.Match(e.text(), e.escaped, values) {
			return e
		}
	}
}

// find returns the series with the given values, or nil. The caller must hold mu.
func (m *Map[C]) find(values []string) *Entry[C] {
	slots := m.table.Load().slots
	h := m.hash(values)
	for i := h; ; i++ {
		e := slots[i&uint64(len(slots)-1)].Load()
		if e == nil || e.state.Load() == h && m.layout.Match(e.text(), e.escaped, values) {
			return e
		}
	}
}

// GetOrCreate returns the series with the given values. If the series does not exist, it creates it and calls
// init, which may be nil, before other goroutines can see the series.
//
// init is called once for a series, while the mutex of the map is held. It must be code of the vector
// itself, and must use neither the map nor anything that waits for a user of the map. If init panics,
// the map does not change.
//
// GetOrCreate copies the values if the series is new, and does not keep them otherwise. If there is no room
// for a new series, it returns the overflow series, and creates it if necessary.
func (m *Map[C]) GetOrCreate(values []string, init func(*Entry[C])) *Entry[C] {
	if e := m.Get(values); e != nil {
		return e
	}
	if e := m.Create(values, init); e != nil {
		return e
	}
	return m.Create(m.Overflow(), init)
}

// Create is [Map.GetOrCreate], but returns nil if there is no room for a new series. There is always
// room for the overflow series.
func (m *Map[C]) Create(values []string, init func(*Entry[C])) *Entry[C] {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.create(values, init)
}

// create is [Map.Create]. The caller must hold mu.
func (m *Map[C]) create(values []string, init func(*Entry[C])) *Entry[C] {
	if e := m.find(values); e != nil {
		return e
	}
	h, x := m.hash(values), m.expirer()
	if x != nil {
		if e := m.expired(x, h, values); e != nil {
			if !m.admit(e, values) {
				return nil
			}
			x.revive(e, h)
			return e
		}
	}
	e := NewEntry[C](m.layout, values)
	if init != nil {
		init(e)
	}
	if !m.admit(e, values) {
		return nil
	}
	m.put(e, h)
	if x != nil {
		x.created(e)
	}
	return e
}

// put adds an entry with labels that no other entry has. The caller must hold mu.
func (m *Map[C]) put(e *Entry[C], hash uint64) {
	t := m.table.Load()
	m.version.Add(1)
	e.state.Store(hash)
	if t.isFull() {
		t = t.rebuild(int(m.live.Load())+1, m.tombstone)
		t.insert(e, m.tombstone)
		m.table.Store(t)
	} else {
		t.insert(e, m.tombstone)
	}
	m.index.add(e)
	m.live.Add(1)
}

// expired returns the expired entry with the given values if it may return, or nil. The caller must
// hold mu.
func (m *Map[C]) expired(x expirer[C], hash uint64, values []string) *Entry[C] {
	for _, e := range x.expired(hash) {
		if m.layout.Match(e.text(), e.escaped, values) {
			return e
		}
	}
	return nil
}

// expirer returns the expirer of the map, or nil.
func (m *Map[C]) expirer() expirer[C] {
	if x := m.expiry.Load(); x != nil {
		return *x
	}
	return nil
}

// Delete removes the series with the given values and reports whether there was one.
func (m *Map[C]) Delete(values []string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.find(values); e != nil {
		return m.delete(e) == 1
	}
	if x := m.expirer(); x != nil {
		h := m.hash(values)
		if e := m.expired(x, h, values); e != nil {
			x.forget(e, h)
		}
	}
	return false
}

// DeleteFunc removes all series for which match returns true and returns their number.
//
// It first calls match, once for each series that exists at one moment of the call, without holding a
// lock, so match may do anything, including using the map. Then it removes all matching series at once.
// Series that are created in the meantime are not passed to match and stay, even if they replace one
// that matched. If match panics, DeleteFunc removes nothing.
func (m *Map[C]) DeleteFunc(match func(*Entry[C]) bool) int {
	matched := m.entries()
	n := 0
	for _, e := range matched {
		if match(e) {
			matched[n] = e
			n++
		}
	}
	matched = matched[:n]
	if len(matched) == 0 {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.delete(matched...)
}

// entries returns the existing series, and the expired ones that may return, in no particular order.
func (m *Map[C]) entries() []*Entry[C] {
	m.mu.Lock()
	defer m.mu.Unlock()
	entries := make([]*Entry[C], 0, m.live.Load())
	for e := range m.table.Load().all() {
		entries = append(entries, e)
	}
	if x := m.expirer(); x != nil {
		entries = append(entries, x.allExpired()...)
	}
	return entries
}

// delete removes all of the given entries that are in the map, in one version, and returns the number of
// them. The caller must hold mu.
func (m *Map[C]) delete(entries ...*Entry[C]) int {
	t := m.table.Load()
	version := m.version.Load() + 1
	deleted := 0
	for _, e := range entries {
		slot := t.slotOf(e)
		if slot == nil { // The entry was deleted in the meantime, or has expired.
			if x := m.expirer(); x != nil {
				x.forget(e, m.hashOf(e))
			}
			continue
		}
		if deleted == 0 {
			m.version.Store(version)
		}
		if m.tombstone == nil {
			m.tombstone = new(Entry[C])
		}
		deleted++
		e.state.Store(version)
		slot.Store(m.tombstone)
		m.release(e)
	}
	live := int(m.live.Add(int64(-deleted)))
	if t.isSparse(live) {
		m.table.Store(t.rebuild(live, m.tombstone))
	}
	m.index.drop(deleted, live, version)
	m.front.drop()
	return deleted
}

// Reset removes all series. For [Map.Sorted] this is one change: it returns the series from before or
// those from after.
func (m *Map[C]) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reset()
}

// reset is [Map.Reset]. The caller must hold mu.
func (m *Map[C]) reset() {
	version := m.version.Add(1)
	m.table.Store(newTable[C](0, m.table.Load().thin))
	m.front.drop()
	m.index.reset(version) // After the table; otherwise Get could find a series that Sorted no longer has.
	m.live.Store(0)
	m.releaseAll()
	if x := m.expirer(); x != nil {
		x.reset()
	}
}

// Len returns the number of series.
func (m *Map[C]) Len() int { return int(m.live.Load()) }
