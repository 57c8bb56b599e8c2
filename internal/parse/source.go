package parse

import (
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// cursor reads the points of a family, one after the other.
type cursor interface {
	// read reads the next point into *p and reports whether there is one. The memory that p then refers
	// to lies in s and the body.
	read(p *model.Point, s *model.Scratch) (ok bool, err error)
	// rewind goes back to the first point.
	rewind()
}

// Source is a family with distinct series in the order of [model.ComparePoints]. It reads them from the body.
// The body must not be modified while the Source is in use. It implements [model.Source], and is safe for
// concurrent use.
type Source struct {
	family *model.Family
	open   func() cursor
	points int
	mixed  bool
}

// Family returns the family.
func (s *Source) Family() *model.Family { return s.family }

// Mixed reports whether series may differ in their labels but not for a reader: some have other label
// names than the rest, labels without a value, or label names that are not legacy names and so may need
// escaping.
func (s *Source) Mixed() bool { return s.mixed }

// Len implements [model.CountedSource].
func (s *Source) Len() int { return s.points }

// Series returns the series. Unlike the series of other sources, they must be used by one goroutine at
// a time; other goroutines can call Series for themselves.
func (s *Source) Series() model.Series {
	return &series{source: s, cursor: s.open()}
}

// series reads the series of a source. Advancing to the next one is cheap. Going back reads the family
// from its beginning.
type series struct {
	source *Source
	cursor cursor
	next   int // index of the point that the cursor reads next

	// Skipped points are read into these.
	point   model.Point
	scratch model.Scratch
}

// Sequential implements [model.SequentialSeries].
func (s *series) Sequential() bool { return true }

// Len implements [model.Series].
func (s *series) Len() int { return s.source.points }

// At implements [model.Series].
func (s *series) At(i int, p *model.Point, scratch *model.Scratch) {
	if i < s.next {
		s.cursor.rewind()
		s.next = 0
	}
	for s.next < i {
		s.read(&s.point, &s.scratch)
	}
	s.read(p, scratch)
}

func (s *series) read(p *model.Point, scratch *model.Scratch) {
	if ok, err := s.cursor.read(p, scratch); !ok || err != nil {
		panic("BUG: parse: an exposition was written to after it had been read")
	}
	s.next++
}

// ReadBatch implements [model.Batched].
func (s *series) ReadBatch(from int, points []model.Point, scratches []model.Scratch) {
	for i := range points {
		s.At(from+i, &points[i], &scratches[i])
	}
}

// volatile returns labels that lie in the body. They are volatile because the caller may reuse its memory.
func volatile(text string, quoted bool) model.Labels {
	return model.VolatileLabels(unsafe.Slice(unsafe.StringData(text), len(text)), quoted)
}
