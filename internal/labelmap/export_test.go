package labelmap

import "github.com/luxfi/metric/internal/model"

// Compare compares label sets of one layout in the order of Sorted.
var Compare = model.CompareSameNames

// HashOf returns the hash of label values before the map masks it.
var HashOf = hashOf

// MinSlots is the smallest size of a table.
const MinSlots = minSlots

// UseHashBits makes the map, which must be empty, use only the given bits of the hashes, so that series
// collide.
func (m *Map[C]) UseHashBits(mask uint64) { m.mask = mask }

// Slots returns the size of the table.
func (m *Map[C]) Slots() int { return len(m.table.Load().slots) }

// Stale returns the number of deleted entries in the index, both as the index counts them and as an
// actual count.
func (m *Map[C]) Stale() (counted, actual int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	held := append(existing(m.index.last.Load().entries, 0), m.index.created...)
	return m.index.deleted, len(held) - len(existing(held, m.version.Load()))
}

// Held returns the capacity of the lists in the index of the map, as a number of entries.
func (m *Map[C]) Held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return cap(m.index.last.Load().entries) + cap(m.index.created)
}

// Collide gives all integers the same hash.
func (f *Front) Collide() {
	for i := range f.fields {
		f.fields[i].b = 0
	}
}

// Known returns the number of structs that the front knows, and the number of places of its table.
func (f *Front) Known() (structs, places int) {
	t := f.table().Load()
	if t == nil {
		return 0, 0
	}
	return t.used, len(t.children)
}
