package native

import "math"

// merge adds the counters of other. The schema of other is higher than the schema of t by levels.
func (t *table) merge(other *table, levels int32) {
	if levels > 0 {
		for key, n := range other.all() {
			t.add(coarser(key, levels), n)
		}
		return
	}
	for _, s := range other.index {
		if s.tag == 0 {
			continue
		}
		to := t.find(s.tag)
		if to == nil {
			to = t.newPage(s.tag)
		}
		from := &other.pages[s.page]
		for i := range to {
			before := to[i]
			after := before + from[i]
			to[i] = after
			t.populated += nonzero(after) - nonzero(before)
		}
	}
}

// nonzero returns 1 if n is not 0, otherwise 0. It does not branch, because the populated buckets of a
// page are hard to predict.
func nonzero(n uint64) int { return int((n | -n) >> 63) }

// coarsen lowers the schema by levels.
func (t *table) coarsen(levels int32) {
	var coarse table
	for key, n := range t.all() {
		coarse.add(coarser(key, levels), n)
	}
	*t = coarse
}

const noKey = math.MaxInt32

// smallest returns the smallest key with a counter, or noKey.
func (t *table) smallest() int32 {
	first := slot{tag: math.MaxUint32}
	for _, s := range t.index {
		if s.tag != 0 && s.tag < first.tag {
			first = s
		}
	}
	if first.tag == math.MaxUint32 {
		return noKey
	}
	key := firstKey(first.tag)
	for _, n := range &t.pages[first.page] {
		if n != 0 {
			break
		}
		key++
	}
	return key
}

// take removes and returns the counter of key, which is 0 if key has no counter.
func (t *table) take(key int32) uint64 {
	p := t.find(tagOf(key))
	if p == nil || p[key&pageMask] == 0 {
		return 0
	}
	n := p[key&pageMask]
	p[key&pageMask] = 0
	t.populated--
	if *p == (page{}) {
		t.coarsen(0) // Keep the schema, but drop the empty page.
	}
	return n
}
