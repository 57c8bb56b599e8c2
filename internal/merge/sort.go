package merge

import (
	"cmp"
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// sorter sorts samples in the order of model.ComparePoints. Of equal ones, the order
// stays. It keeps memory for that between calls; the zero value is ready.
//
// The series of a family mostly have the same label names, and to find that out first is
// worth it: with 1,000 samples, sorting takes a tenth of the time, and with keys half of
// that again.
type sorter struct {
	refs  []ref
	same  bool // All have the same label names.
	names model.Names
	order []place
}

// place is where a sample goes.
type place struct {
	key   uint64
	index int // In sorter.refs.
}

// reset has the sorter forget the samples.
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

// permute brings the samples in order, one cycle of places after the other.
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

// sortByKeys sorts samples whose texts begin with the same known bytes. Their keys are
// the bytes that come after what all of them have in common; where these are not enough,
// it does the same again.
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

// common returns how many bytes the texts have in common at their beginning, of which
// some are known.
func (s *sorter) common(order []place, known int) int {
	text := func(p place) string { return s.refs[p.index].sample.Point.Labels.Text() }
	prefix := text(order[0])
	known = min(known, len(prefix)) // If there was not a whole key left, they are all equal.
	for _, p := range order[1:] {
		prefix = prefix[:known+model.CommonPrefix(prefix[known:], text(p)[known:])]
	}
	return len(prefix)
}

const keySize = 8

// setKeys makes the keys of samples whose texts differ at that byte at the earliest. It
// reports whether they have the order of the samples.
//
// They have if the byte lies in a value, for then it lies in the same one of all, and as
// long as no escape sequence is involved; see model.CompareSameNames. The end of a value,
// a quote, comes before all other bytes. What follows it belongs to the next name, which
// is the same, or to the next value.
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
