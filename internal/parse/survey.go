package parse

import (
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// survey finds out in the first pass which families have their series in order.
type survey struct {
	families []*family // in order of their first occurrence
	free     []family
	series   int

	current *family
	inBlock int              // number of points of the block that have been taken
	points  [2]model.Point   // current and previous point
	scratch [2]model.Scratch // memory of points
	turn    int              // index of the current point
	names   model.Names      // label names of the first point of the block
	text    []byte           // memory of names
}

// family is a family that has been read completely or in part.
type family struct {
	shape
	typed   bool // The family has a TYPE line.
	help    string
	hasHelp bool
	escaped bool // The help is still escaped.
	unit    string

	blocks    []block
	points    int
	irregular bool // The points are not in order, or some cannot be served.
	mixed     bool // see Source.Mixed
}

// describe returns the family as a plain value that shares no memory with the body.
func (f *family) describe() *model.Family {
	m := &model.Family{Name: f.base + f.suffix, Unit: strings.Clone(f.unit), Type: f.typ, NoHelp: !f.hasHelp}
	if f.suffix == "" {
		m.Name = strings.Clone(f.base)
	}
	if f.escaped && strings.IndexByte(f.help, '\\') >= 0 {
		m.Help = unescape(f.help, true)
	} else {
		m.Help = strings.Clone(f.help)
	}
	return m
}

// block is a range of the body that holds samples of one family.
type block struct{ start, end int }

func (s *survey) count() int { return len(s.families) }

// add adds a family.
func (s *survey) add(sh shape) *family {
	const most = 64
	if len(s.free) == 0 {
		s.free = make([]family, min(max(len(s.families), 1), most))
	}
	f := &s.free[0]
	s.free = s.free[1:]
	f.shape = sh
	s.families = append(s.families, f)
	return f
}

// begin begins a block.
func (s *survey) begin(f *family) { s.current, s.inBlock = f, 0 }

// next returns the memory for the next point.
func (s *survey) next() (*model.Point, *model.Scratch) { return &s.points[s.turn], &s.scratch[s.turn] }

// take processes the point that was read into the result of next. alike states that it has the label
// names of the previous one and no empty values; bad states that it cannot be served unchanged.
func (s *survey) take(alike, bad bool) {
	f := s.current
	s.series++
	f.points++
	s.inBlock++
	if bad {
		f.irregular = true
	}
	if f.irregular {
		return
	}
	p := &s.points[s.turn]
	if s.inBlock == 1 {
		s.text = append(s.text[:0], p.Labels.Text()...)
		s.names = model.VolatileLabels(s.text, p.Labels.Quoted()).AppendNames(s.names[:0])
		f.mixed = isOdd(p.Labels)
	} else {
		f.irregular = s.compare(f, p, alike) >= 0
	}
	s.turn = 1 - s.turn
}

// compare compares the previous point with p.
func (s *survey) compare(f *family, p *model.Point, alike bool) int {
	before := &s.points[1-s.turn]
	if !alike {
		if !s.names.Has(p.Labels) {
			f.mixed = true
			return model.ComparePoints(before, p)
		}
		f.mixed = f.mixed || isOdd(p.Labels)
		if f.mixed {
			return model.ComparePoints(before, p) // The previous point may have other names.
		}
	}
	if order := model.CompareSameNames(before.Labels, p.Labels); order != 0 {
		return order
	}
	return model.CompareTimestamps(before, p)
}

// isOdd reports whether a series could equal one with other labels for a reader: a label has no value,
// or a name that needs quotes.
func isOdd(l model.Labels) bool { return l.Quoted() || strings.Contains(l.Text(), `=""`) }

// end ends a block.
func (s *survey) end(start, end int) {
	f := s.current
	f.irregular = f.irregular || len(f.blocks) > 0
	if f.blocks == nil {
		f.blocks = make([]block, 0, 1)
	}
	f.blocks = append(f.blocks, block{start, end})
}
