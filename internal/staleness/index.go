package staleness

import (
	"hash/maphash"
	"math/bits"

	"github.com/luxfi/metric/internal/model"
)

// index finds series by their labels, for pushes without a useful order. It holds the series of the
// last push and of this push, in the order in which put has added them.
type index struct {
	texts   []byte // texts of all entries, one after the other
	entries []indexEntry

	// table is a hash table with linear probing. A slot has the lower 32 bits of the text's hash in
	// its upper half, and the number of the entry plus one in its lower half. The length is a power
	// of two.
	table []uint64
	seed  maphash.Seed

	peak int // largest number of entries since the last call of isOversized
}

// indexEntry is a series. Its text lies between the end of the previous entry and its own end.
type indexEntry struct {
	end int
	was mark // mark in the last push
	now mark // mark in this push
}

// newIndex returns an empty index; reset must be called before put.
func newIndex() *index { return &index{seed: maphash.MakeSeed()} }

// reset empties x and makes room for n entries.
func (x *index) reset(n int) {
	x.texts, x.entries = x.texts[:0], x.entries[:0]
	x.resize(n)
}

// resize makes an empty table with room for n entries.
func (x *index) resize(n int) {
	size := 1 << bits.Len(uint(max(n, 4)*4/3))
	if size > cap(x.table) {
		x.table = make([]uint64, size)
		return
	}
	x.table = x.table[:size]
	clear(x.table)
}

// put returns the entry with the given text. If the entry is missing, it adds one without marks. The entry is
// valid until the next call.
func (x *index) put(text string) *indexEntry {
	hash := uint32(maphash.String(x.seed, text))
	slot := x.slot(hash)
	for ; x.table[slot] != 0; slot = (slot + 1) & (len(x.table) - 1) {
		if x.table[slot]>>32 != uint64(hash) {
			continue
		}
		if i := int(uint32(x.table[slot])) - 1; string(x.text(i)) == text {
			return &x.entries[i]
		}
	}
	x.texts = append(x.texts, text...)
	x.entries = append(x.entries, indexEntry{end: len(x.texts)})
	x.peak = max(x.peak, len(x.entries))
	x.table[slot] = uint64(hash)<<32 | uint64(len(x.entries))
	if len(x.entries) > len(x.table)/4*3 {
		x.grow()
	}
	return &x.entries[len(x.entries)-1]
}

// slot returns the slot at which the search for a text with the given hash starts.
func (x *index) slot(hash uint32) int { return int(hash) & (len(x.table) - 1) }

// grow doubles the table. The slots contain the hashes.
func (x *index) grow() {
	old := x.table
	x.table = make([]uint64, 2*len(old))
	for _, content := range old {
		if content == 0 {
			continue
		}
		slot := x.slot(uint32(content >> 32))
		for x.table[slot] != 0 {
			slot = (slot + 1) & (len(x.table) - 1)
		}
		x.table[slot] = content
	}
}

func (x *index) text(i int) []byte {
	start := 0
	if i > 0 {
		start = x.entries[i-1].end
	}
	return x.texts[start:x.entries[i].end]
}

// labels returns the labels of entry i. The entry must have been in the last push.
func (x *index) labels(i int) model.Labels {
	return model.VolatileLabels(x.text(i), x.entries[i].was.quoted())
}

// isOversized reports whether x has much more memory than it has needed since the last call.
func (x *index) isOversized() bool {
	const slack = 1024
	peak := x.peak
	x.peak = 0
	return cap(x.entries) > 4*peak+slack
}
