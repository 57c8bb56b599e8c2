package labelmap

import (
	"sync/atomic"
	"unsafe"
)

// frontTable is the table of a [Front], with open addressing and linear probing.
//
// Readers take no lock while one writer, which holds the mutex of the map, adds to the table. The
// writer fills a place once, storing the child last, and fills at most half of the places. A change
// that needs more places builds another table.
type frontTable struct {
	children []unsafe.Pointer // length is a power of two; nil in empty places
	keys     []uint64         // by place
	long     [][]string       // by place; nil if no key has long strings
	used     int              // number of used places; for the writer only
}

// newFrontTable returns a table for n keys of keyLen words.
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

// insert adds a key that is not in the table yet.
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

// rebuild returns a table with the contents of t and room for one more key.
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
