package labelmap

import (
	"iter"
	"math/bits"
	"sync/atomic"
)

// table is an open-addressed hash table with linear probing. A slot is empty, or holds a live entry or
// the tombstone.
//
// Readers take no lock while one writer, which holds the mutex of the map, changes the table. This is
// safe because of three rules:
//
//   - An entry stays in the slot in which it was first put. A change that needs
//     entries to move builds another table, and this one changes no more.
//   - A used slot never becomes empty again: a deletion leaves the tombstone. So the
//     slots between the home of an entry and its place are never empty, and no
//     reader stops before it has reached a live entry.
//   - Some slots are always empty, so every search ends.
type table[C any] struct {
	slots []slot[C] // length is a power of two
	used  int       // number of slots that are not empty; for the writer only
	// thin is 1 if a series has twice as many slots as usual, and 0 otherwise. In a map with limits,
	// many lookups find nothing and must be fast. With 12,280 series in 16,384 slots, an increment that
	// overflowed took 72 ns and one that found its series 52. BenchmarkLimit in bench/limit_test.go
	// shows the current values.
	thin uint8
}

type slot[C any] = atomic.Pointer[Entry[C]]

const minSlots = 8

// newTable returns a table with room for n entries and a fair number of changes: at most 5/8 of the
// slots are used, whereas isFull allows 3/4. The difference between the two makes rebuilding a table
// full of tombstones rare.
func newTable[C any](n int, thin uint8) *table[C] {
	size := minSlots
	n <<= thin
	if n > minSlots*5/8 {
		size = 1 << bits.Len(uint(n*8/5))
	}
	return &table[C]{slots: make([]slot[C], size), thin: thin}
}

// isFull reports whether the next entry needs another table. With 3/4 of the slots used, a successful
// search inspects 2.5 slots on average, and an unsuccessful one 8.5. Since each table is twice as large
// as the previous one, a series costs 16 bytes on average.
func (t *table[C]) isFull() bool { return t.used<<t.thin >= len(t.slots)/4*3 }

// isSparse reports whether a table with n live entries should be smaller.
func (t *table[C]) isSparse(n int) bool { return len(t.slots) > minSlots && n<<t.thin < len(t.slots)/8 }

// slotOf returns the slot of a live entry, or nil if e is not in the table.
func (t *table[C]) slotOf(e *Entry[C]) *slot[C] {
	h := e.state.Load()
	if h&liveBit == 0 {
		return nil
	}
	mask := uint64(len(t.slots) - 1)
	for i := h; ; i++ {
		s := &t.slots[i&mask]
		switch s.Load() {
		case e:
			return s
		case nil:
			return nil
		}
	}
}

// twin returns the live entry with the hash and the labels of e, which is not in the table.
func (t *table[C]) twin(e *Entry[C], hash uint64) *Entry[C] {
	mask := uint64(len(t.slots) - 1)
	for i := hash; ; i++ {
		other := t.slots[i&mask].Load()
		if other == nil || other.state.Load() == hash && other.text() == e.text() {
			return other
		}
	}
}

// insert puts e, whose values are not in the table, into the first free slot. There must be an empty
// one.
func (t *table[C]) insert(e, tombstone *Entry[C]) {
	mask := uint64(len(t.slots) - 1)
	for i := e.state.Load(); ; i++ {
		s := &t.slots[i&mask]
		switch s.Load() {
		case nil:
			t.used++
			s.Store(e)
			return
		case tombstone:
			s.Store(e)
			return
		}
	}
}

// rebuild returns a table of the right size for n entries with the live entries of t, and no
// tombstones.
func (t *table[C]) rebuild(n int, tombstone *Entry[C]) *table[C] {
	fresh := newTable[C](n, t.thin)
	for e := range t.all() {
		fresh.insert(e, tombstone)
	}
	return fresh
}

// all yields the live entries. The caller must hold the mutex of the map.
func (t *table[C]) all() iter.Seq[*Entry[C]] {
	return func(yield func(*Entry[C]) bool) {
		for i := range t.slots {
			if e := t.slots[i].Load(); e != nil && e.state.Load()&liveBit != 0 && !yield(e) {
				return
			}
		}
	}
}
