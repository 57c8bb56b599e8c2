package staleness

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// Section holds the series of one family, from the last push and from the round that has begun it. It
// must not be used by several goroutines at the same time, nor after the end of the round.
//
// In a round, a section is in one of three states. A new push starts in the first one, and moves on as
// it turns out to differ from the last one:
//
//	state    | the push…                             | moves on
//	---------+---------------------------------------+------------------------------------------------
//	inStep   | is the beginning of the last one      | to merging when a series or its shape differs
//	merging  | is sorted, and so is the last one, or | to indexed when a series is out of order
//	         | differs from it in shapes alone       |
//	indexed  | may have any order                    |
type Section struct {
	indexes *indexPool // indexes of the history
	key     familyKey
	shapes  shapeTable
	last    list   // last push; it does not change before the round is committed
	spare   []byte // memory for the next list

	round    *Round // round that has begun the section last; nil if it has been discarded
	state    state
	reported bool // Gone has been called.

	// old is the position in the last push. In step, its entry is the last one that was seen. While
	// merging, it is the next one that may be seen, if pending is set. It is not used by an indexed
	// section.
	old     cursor
	pending bool

	fresh builder // series seen in this round, unless the section is in step
	diff  builder // while merging, the series that are gone or changed; each mark is followed by the new one
	index *index  // index of an indexed section, until Gone releases it
}

type state uint8

const (
	inStep state = iota
	merging
	indexed
)

// begin starts a round.
func (s *Section) begin(r *Round) {
	s.round, s.state, s.reported = r, inStep, false
	s.old = cursor{data: s.last.data, text: s.old.text[:0]}
}

// Seen records that the push has a series with the given labels, written in the given shape. A nil
// shape is the zero shape. The caller may reuse the memory of both.
//
// If a series is seen twice in a round, the first call counts.
func (s *Section) Seen(labels model.Labels, shape *Shape) {
	if s.state == inStep {
		if next, ok := s.old.peek(labels.Text()); ok && s.shapes.is(next.mark.shape(), shape) {
			s.old.take(next, labels.Text())
			return
		}
		if s.old.n > 0 && string(s.old.text) == labels.Text() {
			return
		}
		s.diverge()
	}
	m := newMark(s.shapes.id(shape), labels.Quoted())
	if s.state == merging && s.merge(labels.Text(), m) {
		return
	}
	s.find(labels.Text(), m)
}

// diverge changes the state from inStep to merging: the series seen so far become the beginning of a
// new list.
func (s *Section) diverge() {
	seen := s.last.data[:s.old.pos]
	if size := len(s.last.data); cap(s.spare) < size {
		s.spare = make([]byte, 0, size+size/16+64)
	}
	s.fresh.restart(s.spare)
	s.spare = nil
	s.fresh.data = append(s.fresh.data, seen...)
	s.fresh.text = append(s.fresh.text, s.old.text...)
	s.fresh.n = s.old.n
	s.fresh.disordered = s.last.disordered && s.old.n > 1

	s.diff.restart(s.diff.data)
	s.pending = s.old.next()
	s.state = merging
}

// merge records a series while the two pushes can be merged, and reports whether they can. If both are
// sorted, a series of the last push that sorts before text cannot come any more, and text has not been
// seen before.
func (s *Section) merge(text string, m mark) bool {
	if s.pending && string(s.old.text) == text {
		s.keep(text, m)
		return true
	}
	_, order := s.fresh.compare(text)
	if order == 0 {
		return true
	}
	if order < 0 || s.last.disordered {
		return false
	}
	for s.pending {
		order := compareText(view(s.old.text), text)
		if order == 0 {
			s.keep(text, m)
			return true
		}
		if order > 0 {
			break
		}
		s.differ(0)
		s.pending = s.old.next()
	}
	s.fresh.add(text, m)
	return true
}

// keep records that the series at the current position of the last push exists in this push, too.
func (s *Section) keep(text string, m mark) {
	if s.old.mark != m {
		s.differ(m)
	}
	s.fresh.add(text, m)
	s.pending = s.old.next()
}

// differ records that the series at the current position now has the mark now.
func (s *Section) differ(now mark) {
	s.diff.add(view(s.old.text), s.old.mark)
	s.diff.data = appendMark(s.diff.data, now)
}

// find records a series with the help of the index.
func (s *Section) find(text string, m mark) {
	if s.index == nil {
		s.makeIndex()
	}
	if e := s.index.put(text); e.now == 0 {
		e.now = m
		s.fresh.add(text, m)
	}
}

// makeIndex changes the state from merging to indexed. It also rebuilds the index of an indexed section
// that has released it.
func (s *Section) makeIndex() {
	s.state = indexed
	s.index = s.indexes.take()
	s.index.reset(max(s.last.n, s.fresh.n))
	c := cursor{data: s.last.data, text: s.old.text[:0]}
	for c.next() {
		s.index.put(view(c.text)).was = c.mark
	}
	c = cursor{data: s.fresh.data, text: c.text[:0]}
	for c.next() {
		s.index.put(view(c.text)).now = c.mark
	}
	s.old.text = c.text
}

// commit makes the series seen in the round the last push, and reports whether there are any.
func (s *Section) commit() bool {
	if s.state == inStep {
		s.last.data, s.last.n = s.last.data[:s.old.pos], s.old.n
		s.spare = nil
	} else {
		s.last, s.spare = s.fresh.list, s.last.data
	}
	s.forget()
	if len(s.shapes.shapes) > 2*s.last.n+8 {
		s.renumber()
	}
	size := len(s.last.data)
	if isOversized(s.last.data, size) {
		s.last.data = append(make([]byte, 0, size), s.last.data...)
	}
	if isOversized(s.spare, size) {
		s.spare = nil
	}
	return s.last.n > 0
}

// isOversized reports whether data has much more memory than a list of the given size needs.
func isOversized(data []byte, size int) bool { return cap(data) > 2*size+512 }

// discard drops the round, and reports whether there is a last push.
func (s *Section) discard() bool {
	if s.state != inStep && !isOversized(s.fresh.data, len(s.last.data)) {
		s.spare = s.fresh.data
	}
	s.forget()
	s.round = nil
	return s.last.n > 0
}

// forget releases memory that only the round needs.
func (s *Section) forget() {
	const maxDiff = 4 << 10
	s.releaseIndex()
	s.fresh.data = nil
	s.old.data = nil
	if cap(s.diff.data) > maxDiff {
		s.diff.data = nil
	}
}

// renumber drops the shapes that no series of the last push has.
func (s *Section) renumber() {
	var shapes shapeTable
	s.fresh.restart(s.spare)
	for c := (cursor{data: s.last.data}); c.next(); {
		id := shapes.id(s.shapes.at(c.mark.shape()))
		s.fresh.add(view(c.text), newMark(id, c.mark.quoted()))
	}
	s.shapes = shapes
	s.last, s.spare = s.fresh.list, nil
	s.fresh.data = nil
}

func (s *Section) releaseIndex() {
	if s.index != nil {
		s.indexes.put(s.index)
		s.index = nil
	}
}

// each calls yield for each series of the last push, and reports whether all calls returned true.
func (s *Section) each(yield func(labels model.Labels, was *Shape) bool) bool {
	for c := (cursor{data: s.last.data}); c.next(); {
		if !yield(c.labels(), s.shapes.at(c.mark.shape())) {
			return false
		}
	}
	return true
}

// rest returns a cursor over the series of the last push after the current position.
func (s *Section) rest() cursor {
	c := s.old
	c.text = slices.Clone(c.text)
	return c
}
