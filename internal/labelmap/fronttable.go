package labelmap

import (
	"sync/atomic"
	"unsafe"
)

// frontTable is the table of a [Front], with open addressing and linear probing.
//
// It is read without a lock while one writer, who holds the lock of the map, adds to it. The writer
// fills a place once, the child last, and at most half of the places. A change that needs more
// builds another table.
type frontTable struct {
	children []unsafe.Pointer // a power of two of them, nil in a place that is empty
	keys     []uint64         // by place
	long     [][]string       // by place; nil if no key has long strings
	used     int              // only for the writer
}

// newFrontTable returns a table for n keys of so many words.
func newFrontTable(n, keyLen int, long bool) *frontTable {
	size := minSlots
	for size < 2*n {
		size *= 2
	}
	t := &frontTable{children: make([]unsafe.Pointer, size), keys: make([]uint64, size*keyLen)}
	if long {
		t.long = make([][]string, size)
	}
	return t
}

// insert adds a key that is not in the table.
func (t *frontTable) insert(hash uint64, key []uint64, long []string, child unsafe.Pointer) {
	mask := uint64(len(t.children) - 1)
	i := hash & mask
	for t.children[i] != nil {
		i = (i + 1) & mask
	}
	copy(t.keys[i*uint64(len(key)):], key)
	if long != nil {
		t.long[i] = long
	}
	t.used++
	atomic.StorePointer(&t.children[i], child)
}

// rebuild returns a table with the content of t and room for one key more.
func (t *frontTable) rebuild(f *Front, long bool) *frontTable {
	keyLen := keyWords * len(f.fields)
	fresh := newFrontTable(t.used+1, keyLen, long || t.long != nil)
	for i, child := range t.children {
		if child == nil {
			continue
		}
		key := t.keys[i*keyLen:][:keyLen]
		var strings []string
		if t.long != nil {
			strings = t.long[i]
		}
		fresh.insert(f.hash(key), key, strings, child)
	}
	return fresh
}

// isFull reports whether the next key needs another table.
func (t *frontTable) isFull() bool { return 2*(t.used+1) > len(t.children) }
