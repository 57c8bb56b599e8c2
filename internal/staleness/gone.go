package staleness

import (
	"encoding/binary"

	"github.com/luxfi/metric/internal/model"
)

// Gone calls yield for each series of the last push that has disappeared or changed, until yield
// returns false. If the series has not been seen in this round, now is nil. Otherwise it has changed
// its shape from was to now. The labels are valid during the call. The shapes must not be modified or
// kept beyond the round. yield must not use the section.
//
// Call Gone when the family has no more points. Further calls in the same round report nothing. If the
// family has more points after all, call Seen for them: they belong to the push. But a series that Gone
// has reported may be among them, and its marker cannot be taken back. Seen must then also rebuild the
// hash table that Gone has released.
func (s *Section) Gone(yield func(labels model.Labels, was, now *Shape) bool) {
	if s.reported {
		return
	}
	s.reported = true
	switch s.state {
	case inStep:
		s.goneRest(yield)
	case merging:
		s.goneMerging(yield)
	case indexed:
		s.goneIndexed(yield)
		s.releaseIndex()
	}
}

// goneRest reports the series after the current position in the last push.
func (s *Section) goneRest(yield func(labels model.Labels, was, now *Shape) bool) {
	if s.old.pos == len(s.old.data) {
		return
	}
	for c := s.rest(); c.next(); {
		if !yield(c.labels(), s.shapes.at(c.mark.shape()), nil) {
			return
		}
	}
}

func (s *Section) goneMerging(yield func(labels model.Labels, was, now *Shape) bool) {
	for c := (cursor{data: s.diff.data}); c.next(); {
		was := s.shapes.at(c.mark.shape())
		if !yield(c.labels(), was, s.shapeOf(mark(c.uvarint()))) {
			return
		}
	}
	if s.pending && yield(s.old.labels(), s.shapes.at(s.old.mark.shape()), nil) {
		s.goneRest(yield)
	}
}

func (s *Section) goneIndexed(yield func(labels model.Labels, was, now *Shape) bool) {
	for i := range s.index.entries {
		e := &s.index.entries[i]
		if e.was == 0 {
			return // The series of the last push come first.
		}
		if e.was != e.now && !yield(s.index.labels(i), s.shapes.at(e.was.shape()), s.shapeOf(e.now)) {
			return
		}
	}
}

// shapeOf returns the shape of a series with the mark m, or nil if m is zero.
func (s *Section) shapeOf(m mark) *Shape {
	if m == 0 {
		return nil
	}
	return s.shapes.at(m.shape())
}

func appendMark(data []byte, m mark) []byte { return binary.AppendUvarint(data, uint64(m)) }
