package labelmap

import (
	"math/bits"
	"slices"
	"strings"
	"unsafe"
)

// minRemembered is the number of structs that a front may have in addition to two for each series.
const minRemembered = 64

// UseFront makes front the front of the map. It must be called before the map is shared.
func (m *Map[C]) UseFront(front *Front) { m.front = front }

// Remember puts e into the front of the map, under the struct at s. values are the labels of that
// struct, and called is as in [Front.GetSlowly]. It does nothing if the map has removed e, or if e has other
// values. It also does nothing while another goroutine changes the map: Remember will be called again
// whenever the front does not find the series.
func (m *Map[C]) Remember(e *Entry[C], s unsafe.Pointer, called, values []string) {
	if !m.mu.TryLock() {
		return
	}
	defer m.mu.Unlock()
	own := m.layout.Values(e.Labels())
	if slices.Equal(own, values) && m.find(values) == e {
		m.front.add(s, called, own, unsafe.Pointer(e), 2*int(m.live.Load())+minRemembered)
	}
}

// add adds the struct at s and its child. own are the label values of the struct. Any number of structs may
// have the same labels, so the front is cleared when it has limit of them. The caller must hold the mutex of
// the map.
func (f *Front) add(s unsafe.Pointer, called, own []string, child unsafe.Pointer, limit int) {
	table := f.table()
	t := table.Load()
	key := make([]uint64, keyWords*len(f.fields))
	known, hash := f.find(t, key, s, called)
	if known != nil {
		return
	}
	long := f.longOf(s, called, own)
	if t == nil || t.used >= limit {
		t = newFrontTable(1, len(key), long != nil)
	} else if t.isFull() || t.long == nil && long != nil {
		t = t.rebuild(f, long != nil)
	}
	t.insert(hash, key, long, child)
	table.Store(t)
}

// longOf returns the long strings of the struct at s, in memory of the map. own are the values of its
// labels, also in such memory.
func (f *Front) longOf(s unsafe.Pointer, called, own []string) (long []string) {
	for i := range f.fields {
		value, ok := f.stringOf(i, s, &called)
		switch {
		case !ok || len(value) < longString:
		case value == own[i]:
			long = append(long, own[i])
		default:
			long = append(long, strings.Clone(value))
		}
	}
	return long
}

// hash returns the hash of a key.
func (f *Front) hash(key []uint64) (hash uint64) {
	for i, field := range f.fields {
		hi, lo := bits.Mul64(key[keyWords*i]^field.a, key[keyWords*i+1]^field.b)
		hash = bits.RotateLeft64(hash, 25) ^ hi ^ lo
	}
	return hash
}
