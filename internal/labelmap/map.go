// Package labelmap is the index of a vector: from label values to series.
//
// Finding a series takes no lock and allocates nothing. Series are created and
// deleted under a mutex that no reader ever waits for, and the sorted list that
// a scrape walks is kept from scrape to scrape.
package labelmap

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// Map holds the series of one vector. It is safe for concurrent use. Wherever
// it takes values, there must be one for each name of the layout, in the order
// of the names; only Get checks this.
//
// Publication order: whoever changes the map first advances version, then makes
// the change visible in table. A goroutine that has seen a change through Get
// therefore never gets an older list from Sorted.
//
// Lock order: sorting before mu. Neither is held while a callback runs that may
// belong to somebody else, see GetOrCreate and DeleteFunc.
type Map[C any] struct {
	// What every Get reads and what only a rebuild of the table writes.
	layout *model.Layout
	table  atomic.Pointer[table[C]]
	count  int                   // Of the names.
	mask   uint64                // Bits of the hash that are used: all of them, but for tests.
	limit  atomic.Pointer[limit] // Nil if no limit was ever set.

	// What follows is written with every new series. Without the distance, each
	// of these writes would cost all readers a cache miss.
	_ [64]byte

	mu        sync.Mutex // Held by whoever changes the map.
	live      atomic.Int64
	tombstone *Entry[C] // In the slots of deleted series. Nil before the first one.

	// Version counts the changes. It is written under mu.
	version atomic.Uint64

	index index[C]

	expiry atomic.Pointer[expirer[C]] // Nil if series do not expire.
	toll   toll                       // What the expiry has done.
	front  *Front                     // May be nil. See UseFront.
}

// New returns an empty map of series with the given layout.
func New[C any](layout *model.Layout) *Map[C] {
	m := &Map[C]{layout: layout, count: len(layout.Names()), mask: ^uint64(0)}
	m.table.Store(newTable[C](0, 0))
	m.index.reset(0)
	return m
}

// hash returns the hash of values, liveBit set.
func (m *Map[C]) hash(values []string) uint64 { return hashOf(values)&m.mask | liveBit }

// hashOf returns the hash of the values of an entry that may be deleted.
func (m *Map[C]) hashOf(e *Entry[C]) uint64 { return m.hash(m.layout.Values(e.Labels())) }

// Get returns the series with these values, or nil if it does not exist or there are too
// few or too many values. A nil map has no series. Get takes no lock and does not
// allocate. If it does not exist and a limit leaves no room for it, Get returns the overflow
// series, unless that does not exist yet.
//
// It is one function but for the hash and the comparison: a look-up takes some 25 ns, and
// a call with what it has to keep 1 or 2 of them.
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
		// The tombstone's state is no hash. Equal hashes do not make equal values.
		if e.state.Load() == h && m.layout.Match(e.text(), e.escaped, values) {
			return e
		}
	}
}

// find returns the series with these values, or nil. The caller holds mu.
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

// GetOrCreate returns the series with these values. If there is none, it
// creates one and calls init, which may be nil, before anybody else can see it.
//
// Init is called once for a series, and while the lock of the map is held: it
// must be code of the vector itself, and must use neither the map nor anything
// that waits for a user of the map. If it panics, nothing has happened.
//
// The values are copied if the series is new, and not kept otherwise. If there is no room for
// a new series, GetOrCreate returns the overflow series, which it creates if necessary.
func (m *Map[C]) GetOrCreate(values []string, init func(*Entry[C])) *Entry[C] {
	if e := m.Get(values); e != nil {
		return e
	}
	if e := m.Create(values, init); e != nil {
		return e
	}
	return m.Create(m.Overflow(), init)
}

// Create is GetOrCreate, but returns nil if there is no room for a new series, which there
// always is for the overflow series.
func (m *Map[C]) Create(values []string, init func(*Entry[C])) *Entry[C] {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.create(values, init)
}

// create is Create. The caller holds mu.
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

// put adds an entry whose labels no other one has. The caller holds mu.
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

// expired returns the entry with these values that has expired and may return, or nil. The
// caller holds mu.
func (m *Map[C]) expired(x expirer[C], hash uint64, values []string) *Entry[C] {
	for _, e := range x.expired(hash) {
		if m.layout.Match(e.text(), e.escaped, values) {
			return e
		}
	}
	return nil
}

// expirer returns what lets the series expire, or nil.
func (m *Map[C]) expirer() expirer[C] {
	if x := m.expiry.Load(); x != nil {
		return *x
	}
	return nil
}

// Delete removes the series with these values and reports whether there was one.
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

// DeleteFunc removes all series for which match returns true and returns how
// many it has removed.
//
// It first calls match, once for each series that exists at one moment of the
// call, without holding a lock, so match may do anything, also use the map. Then
// it removes the series that matched, all at once. Series that are created in the
// meantime are not asked for and stay, even if they replace one that matched. If
// match panics, nothing is removed.
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

// entries returns the series that exist now, in no order, and those that have expired and may return.
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

// delete removes those of entries that are in the map, all of them in one
// version, and returns how many. The caller holds mu.
func (m *Map[C]) delete(entries ...*Entry[C]) int {
	t := m.table.Load()
	version := m.version.Load() + 1
	deleted := 0
	for _, e := range entries {
		slot := t.slotOf(e)
		if slot == nil { // It was deleted meanwhile, or has expired.
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

// Reset removes all series. For Sorted this is one change: it returns the
// series from before or those from after.
func (m *Map[C]) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reset()
}

// reset is Reset. The caller holds mu.
func (m *Map[C]) reset() {
	version := m.version.Add(1)
	m.table.Store(newTable[C](0, m.table.Load().thin))
	m.front.drop()
	m.index.reset(version) // After the table, or Get could find what Sorted has no more.
	m.live.Store(0)
	m.releaseAll()
	if x := m.expirer(); x != nil {
		x.reset()
	}
}

// Len returns the number of series.
func (m *Map[C]) Len() int { return int(m.live.Load()) }
