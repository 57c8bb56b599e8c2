package native

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// Merger adds up the Buckets of the stripes of a histogram. It keeps its memory, so that one Merger can
// serve many histograms one after the other. The zero value is empty and ready to use. A Merger is not
// safe for concurrent use.
//
//	merger.Reset()
//	for each stripe, locked: merger.Add(&stripe.buckets)
//	merger.Write(&histogram)
type Merger struct {
	sum   Buckets
	added bool

	// order sorts the pages of a table: the upper half of an element is a tag, the lower half is the
	// position of the page.
	order []uint64
}

// Reset removes all counts.
func (m *Merger) Reset() {
	m.sum.Reset(&Config{})
	m.added = false
}

// Add adds the counts of b. The caller may change b after Add returns. If b differs in schema or zero
// threshold from the Buckets added before, the result has the coarser of them.
func (m *Merger) Add(b *Buckets) {
	sum := &m.sum
	if !m.added {
		m.added = true
		sum.schema, sum.zeroThreshold = b.schema, b.zeroThreshold
	}
	sum.coarsen(b.schema, b.zeroThreshold)
	sum.zeroCount += b.zeroCount
	sum.positive.merge(&b.positive, b.schema-sum.schema)
	sum.negative.merge(&b.negative, b.schema-sum.schema)
	if b.zeroThreshold < sum.zeroThreshold {
		sum.sweep()
	}
}

// Write writes the sum to h, reusing the memory of h. It sets all fields except the exemplars.
func (m *Merger) Write(h *model.NativeHistogram) {
	h.Schema = m.sum.schema
	h.ZeroThreshold = m.sum.zeroThreshold
	h.ZeroCount = m.sum.zeroCount
	h.ZeroCountFloat = 0
	m.write(&h.Positive, &m.sum.positive)
	m.write(&h.Negative, &m.sum.negative)
	if h.ZeroThreshold == 0 && h.ZeroCount == 0 && m.sum.Len() == 0 {
		// Only an empty span distinguishes this from a classic histogram.
		h.Positive.Spans = append(h.Positive.Spans, model.Span{})
	}
}

// maxGap is the largest number of consecutive empty buckets that are written as zeros. They take less
// space than another span.
const maxGap = 2

func (m *Merger) write(out *model.NativeBuckets, t *table) {
	spans, deltas := out.Spans[:0], out.Deltas[:0]
	var next int32      // key after the one written last
	var previous uint64 // count written last
	for _, o := range m.sorted(t) {
		key := firstKey(uint32(o >> 32))
		for i, n := range &t.pages[uint32(o)] {
			if n == 0 {
				continue
			}
			gap := key + int32(i) - next
			next += gap + 1
			if len(spans) == 0 || gap > maxGap {
				spans = append(spans, model.Span{Offset: gap, Length: 1})
			} else {
				for range gap {
					deltas = append(deltas, -int64(previous))
					previous = 0
				}
				spans[len(spans)-1].Length += uint32(gap) + 1
			}
			deltas = append(deltas, int64(n-previous))
			previous = n
		}
	}
	out.Spans, out.Deltas, out.Counts = spans, deltas, out.Counts[:0]
}

// sorted returns the tags and positions of the pages of t by ascending tag. The result is valid until
// the next call.
func (m *Merger) sorted(t *table) []uint64 {
	m.order = m.order[:0]
	for _, s := range t.index {
		if s.tag != 0 {
			m.order = append(m.order, uint64(s.tag)<<32|uint64(s.page))
		}
	}
	slices.Sort(m.order)
	return m.order
}
