package grpcmetric

import (
	"maps"
	"sync"
	"sync/atomic"
)

// table finds values by key without a lock. Adding a key copies the table, which is acceptable because keys
// are few. The zero value is empty and ready to use.
type table[K comparable, V any] struct {
	entries atomic.Pointer[map[K]*V]

	mu sync.Mutex // held while the table is replaced
}

// get returns the value of k, or nil.
func (t *table[K, V]) get(k K) *V {
	entries := t.entries.Load()
	if entries == nil {
		return nil
	}
	return (*entries)[k]
}

// size returns the number of entries.
func (t *table[K, V]) size() int {
	entries := t.entries.Load()
	if entries == nil {
		return 0
	}
	return len(*entries)
}

// add returns the value of k. If k has no value yet, add creates one, unless admit returns false; in that
// case, add returns nil. The functions may call only the size method of the table.
func (t *table[K, V]) add(k K, admit func() bool, create func() *V) *V {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v := t.get(k); v != nil {
		return v
	}
	var entries map[K]*V
	if old := t.entries.Load(); old != nil {
		entries = *old
	}
	if !admit() {
		return nil
	}
	entries = maps.Clone(entries)
	if entries == nil {
		entries = make(map[K]*V)
	}
	v := create()
	entries[k] = v
	t.entries.Store(&entries)
	return v
}
