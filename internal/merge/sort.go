package merge

import (
	"cmp"
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// sorter sorts samples in the order of [model.ComparePoints]. The sort is stable. A sorter keeps its memory
// between calls; the zero value is ready to use.
//
// The series of a family usually have the same label names, and it pays to find that out first: with 1,000
// samples, sorting then takes a tenth of the time, and with keys half of that.
type sorter struct {
	refs  []ref
	same  bool // All samples have the same label names.
	names model.Names
	order []place
}

// place is the place of a sample in the order.
type place struct {
	key   uint64
	index int // index in sorter.refs
}

// reset removes the samples.
func (s *sorter) reset() {
	clear(s.names[:cap(s.names)])
	s.refs, s.names = nil, s.names[:0]
}

func (s *sorter) sort(refs []ref) {
	s.refs, s.same = refs, true
	if len(refs) > 1 {
		s.names = refs[0].sample.Point.Labels.AppendNames(s.names[:0])
	}
	for i := 1; i < len(refs) && s.same; i++ {
		s.same = s.names.Has(refs[i].sample.Point.Labels)
	}
	s.order = slices.Grow(s.order[:0], len(refs))
	inOrder := true
	for i := range refs {
		s.order = append(s.order, place{index: i})
		inOrder = inOrder && (i == 0 || s.compare(s.order[i-1], s.order[i]) < 0)
	}
	if inOrder {
		return
	}
	if s.same {
		s.sortByKeys(s.order, 0)
	} else {
		slices.SortFunc(s.order, s.compare)
	}
	s.permute()
}

// permute moves the samples to their places, one cycle after the other.
func (s *sorter) permute() {
	for i, first := range s.refs {
		to := i
		for from := s.order[to].index; from != i; from = s.order[to].index {
			s.refs[to] = s.refs[from]
			s.order[to].index = to
			to = from
		}
		s.refs[to] = first
		s.order[to].index = to
	}
}

// compare compares the samples themselves.
func (s *sorter) compare(a, b place) int {
	p, q := &s.refs[a.index].sample.Point, &s.refs[b.index].sample.Point
	compareLabels := model.CompareLabels
	if s.same {
		compareLabels = model.CompareSameNames
	}
	if order := compareLabels(p.Labels, q.Labels); order != 0 {
		return order
	}
	return cmp.Or(model.CompareTimestamps(p, q), cmp.Compare(a.index, b.index))
}

// sortByKeys sorts samples whose texts begin with the same known bytes. Their keys are the bytes after
// their common prefix. If the keys do not suffice, sortByKeys calls itself again.
func (s *sorter) sortByKeys(order []place, known int) {
	const few = 12
	if len(order) > few {
		known = s.common(order, known)
		if s.setKeys(order, known) {
			slices.SortFunc(order, func(a, b place) int { return cmp.Compare(a.key, b.key) })
			for len(order) > 0 {
				n := 1
				for n < len(order) && order[n].key == order[0].key {
					n++
				}
				s.sortByKeys(order[:n], known+keySize)
				order = order[n:]
			}
			return
		}
	}
	slices.SortFunc(order, s.compare)
}

// common returns the number of bytes in the common prefix of the texts. The first known bytes need no
// check.
func (s *sorter) common(order []place, known int) int {
	text := func(p place) string { return s.refs[p.index].sample.Point.Labels.Text() }
	prefix := text(order[0])
	known = min(known, len(prefix)) // If less than a whole key is left, they are all equal.
	for _, p := range order[1:] {
		prefix = prefix[:known+model.CommonPrefix(prefix[known:], text(p)[known:])]
	}
	return len(prefix)
}

const keySize = 8

// setKeys makes the keys of samples whose texts differ at that byte at the earliest. It reports whether the
// keys have the order of the samples.
//
// They do if the byte is in a value and no escape sequence is involved, because it is then in the same
// value of all samples; see [model.CompareSameNames]. The end of a value, a quote, comes before all other
// bytes. What follows it belongs to the next name, which is the same, or to the next value.
func (s *sorter) setKeys(order []place, at int) bool {
	for i := range order {
		text := s.refs[order[i].index].sample.Point.Labels.Text()
		if at >= len(text) || at > 0 && text[at-1] == '\\' {
			return false
		}
		var key uint64
		rest := text[at:min(at+keySize, len(text))]
		for j := range len(rest) {
			c := rest[j]
			switch {
			case c == '\\':
				return false
			case c == '"':
				c = 0
			case c < '"':
				c++
			}
			key = key<<8 | uint64(c)
		}
		order[i].key = key << (8 * (keySize - len(rest)))
	}
	return true
}
