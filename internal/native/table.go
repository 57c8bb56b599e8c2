package native

import "iter"

// table counts by key. It is a hash table of pages of eight neighboring counters, since the populated
// buckets of a histogram usually have populated neighbors. A page is found with one probe of a small
// index, its counters mostly share a cache line, and sorting works page by page. The memory is
// proportional to the number of pages in use, wherever the keys are.
//
// An attacker who chooses all values can choose pages that collide. But there are only 67,137 different
// pages, so that costs at most about 4,200 probes each (2 µs) in a table of 16,384 such pages, and 80
// probes with 160.
//
// The zero value is an empty table.
type table struct {
	index     []slot // open addressing with linear probing; the length is a power of two, the load at most a half
	pages     []page // no page is all zeros
	populated int    // number of counters that are not zero
	shift     uint8  // reduces a 32-bit hash to the bits of an index into index
}

// slot maps a tag to the position of its page. The tag of an empty slot is 0.
type slot struct {
	tag  uint32
	page uint32
}

type page [pageLength]uint64

const (
	pageBits   = 3
	pageLength = 1 << pageBits
	pageMask   = pageLength - 1
	tagBias    = 1 << 17 // makes all tags positive

	minSlots  = 8
	minShift  = 32 - 3
	keepSlots = 1024 // a reset frees a larger index
)

func tagOf(key int32) uint32    { return uint32(key>>pageBits + tagBias) }
func firstKey(tag uint32) int32 { return (int32(tag) - tagBias) << pageBits }

// add adds n to the counter of key. n must not be 0. It reports whether the counter was 0 before.
func (t *table) add(key int32, n uint64) (created bool) {
	p := t.find(tagOf(key))
	if p == nil {
		p = t.newPage(tagOf(key))
	}
	counter := &p[key&pageMask]
	before := *counter
	*counter = before + n
	if before != 0 {
		return false
	}
	t.populated++
	return true
}

// find returns the page with the given tag, or nil.
func (t *table) find(tag uint32) *page {
	if len(t.index) == 0 {
		return nil
	}
	mask := uint32(len(t.index) - 1)
	for i := t.home(tag); ; i++ {
		s := &t.index[i&mask]
		if s.tag == tag {
			return &t.pages[s.page]
		}
		if s.tag == 0 {
			return nil
		}
	}
}

// home returns the index at which the search for a tag starts. Multiplying by the golden ratio spreads
// both neighboring tags and regular patterns evenly.
func (t *table) home(tag uint32) uint32 { return tag * 0x9e3779b9 >> (t.shift & 31) }

func (t *table) newPage(tag uint32) *page {
	if 2*(len(t.pages)+1) > len(t.index) {
		t.grow()
	}
	t.insert(slot{tag: tag, page: uint32(len(t.pages))})
	t.pages = append(t.pages, page{})
	return &t.pages[len(t.pages)-1]
}

func (t *table) insert(s slot) {
	mask := uint32(len(t.index) - 1)
	i := t.home(s.tag) & mask
	for t.index[i].tag != 0 {
		i = (i + 1) & mask
	}
	t.index[i] = s
}

func (t *table) grow() {
	if len(t.index) == 0 {
		t.index, t.shift = make([]slot, minSlots), minShift
		return
	}
	old := t.index
	t.index = make([]slot, 2*len(old))
	t.shift--
	for _, s := range old {
		if s.tag != 0 {
			t.insert(s)
		}
	}
}

// reset empties the table. It keeps the memory for reuse unless it is large.
func (t *table) reset() {
	if len(t.index) > keepSlots {
		*t = table{}
		return
	}
	clear(t.index)
	t.pages = t.pages[:0]
	t.populated = 0
}

// all yields the keys and counters that are not zero, in no particular order.
func (t *table) all() iter.Seq2[int32, uint64] {
	return func(yield func(int32, uint64) bool) {
		for _, s := range t.index {
			if s.tag == 0 {
				continue
			}
			key := firstKey(s.tag)
			for i, n := range &t.pages[s.page] {
				if n != 0 && !yield(key+int32(i), n) {
					return
				}
			}
		}
	}
}
