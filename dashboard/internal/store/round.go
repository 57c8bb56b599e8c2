package store

import (
	"slices"
	"strings"
	"time"

	"github.com/luxfi/metric/internal/model"
)

// Round takes one sample. It is a [model.Sink] for one goroutine. Nothing is visible before Commit.
//
// A sample usually has the families and series of the previous one, in the same order. A round therefore
// walks the last sample in step with the arriving points, and compares each series with the next one
// there. It looks up only those that differ. It changes nothing that others read, and takes no lock
// before Commit.
type Round struct {
	store  *Store
	kept   *kept
	at     time.Time
	number uint64

	last      *Snapshot // the previous sample, or nil
	numbers   []float64 // of the sample
	exemplars map[*Series][]*model.Exemplar
	admitted  int // series of the last sample plus new ones
	omitted   int // series left out because of the limits
	next      int // index in directory.shown of the family that probably comes next

	walk walk
	*scratch
}

var (
	_ model.Sink      = (*Round)(nil)
	_ model.BatchSink = (*Round)(nil)
)

// scratch is memory that successive rounds reuse.
type scratch struct {
	plan   plan
	reader reader

	list  []*Series           // the series of the family, once they differ from the expected ones
	taken []bool              // which of the expected series have come, once they differ
	index map[string]position // index of the series, once they are out of order
	found []*model.Exemplar   // of a series
}

func newRound(s *Store, k *kept, at time.Time, number uint64) *Round {
	r := &Round{
		store: s, kept: k, at: at, number: number,
		last: s.latest.Load(), numbers: make([]float64, k.directory.columns), admitted: k.directory.series,
		scratch: &k.scratch,
	}
	fillMissing(r.numbers)
	r.plan.reset()
	return r
}

// Family implements [model.Sink].
func (r *Round) Family(f *model.Family) error {
	r.endFamily()
	r.walk = walk{model: f, kind: kindOf(f.Type), sorted: true}
	w := &r.walk
	known := r.find(f.Name)
	if known != nil && known.round == r.number || known == nil && r.hasNew(f.Name) {
		w.skip = true // A sink gets each family only once.
		return nil
	}
	switch {
	case known == nil:
		w.record = newRecord(f.Name, w.kind)
		r.diverge()
	case known.kind != w.kind:
		known.round = r.number
		w.record, w.replaces = newRecord(f.Name, w.kind), known
		r.diverge()
	default:
		w.record = known
		w.expected, w.sorted = known.family.Series, known.sorted
		if w.returning = known.absent; w.returning {
			r.diverge()
		}
	}
	w.record.round = r.number
	return nil
}

// find returns the record of a family, or nil.
func (r *Round) find(name string) *record {
	shown := r.kept.directory.shown
	if r.next < len(shown) && shown[r.next].name == name {
		r.next++
		return shown[r.next-1]
	}
	known := r.kept.directory.byName[name]
	if known != nil && !known.absent {
		i, found := slices.BinarySearchFunc(shown, name, func(k *record, name string) int {
			return strings.Compare(k.name, name)
		})
		if found {
			r.next = i + 1
		}
	}
	return known
}

// hasNew reports whether the round has begun a new family with that name.
func (r *Round) hasNew(name string) bool {
	sections := r.plan.sections
	if len(sections) == 0 || sections[len(sections)-1].record.name < name {
		return false
	}
	return slices.ContainsFunc(sections, func(s section) bool { return s.record.name == name })
}

// Point implements [model.Sink].
func (r *Round) Point(p *model.Point) error {
	w := &r.walk
	if w.kind == Number && !w.differs && w.next < len(w.expected) {
		if s := w.expected[w.next]; s.Key == p.Labels.Text() && s.Created == p.Created {
			w.next++
			r.numbers[s.Cols[0]] = present(p.Value)
			if p.Exemplar != nil {
				r.keepExemplars(s, p)
			}
			return nil
		}
	}
	if !r.add(p) {
		r.omitted++
	}
	return nil
}

// Batch implements [model.BatchSink].
func (r *Round) Batch(points []model.Point) error {
	for i := range points {
		if err := r.Point(&points[i]); err != nil {
			return err
		}
	}
	return nil
}

// add adds any point, and reports whether there was room for its series.
func (r *Round) add(p *model.Point) bool {
	w := &r.walk
	if w.skip || w.record == nil || !readable(w.kind, p) {
		return false
	}
	m := r.match(p.Labels)
	isMore := m.listed < 0 && (m.expected < 0 || w.returning)
	if isMore && r.store.limits.MaxSeries > 0 && r.admitted >= r.store.limits.MaxSeries {
		r.pass(m)
		return false
	}
	var expected *Shape
	if m.series != nil {
		expected = m.series.Shape
	}
	s, shape := m.series, r.reader.read(w.kind, p, expected, w.lastShape)
	switch {
	case s == nil:
		s = r.newSeries(p, shape)
	case shape != s.Shape || p.Created != s.Created:
		s = r.changed(s, p, shape)
	}
	if s == nil {
		r.pass(m)
		return false
	}
	if isMore {
		r.admitted++
	}
	if !shape.Native {
		w.lastShape = shape
	}
	r.place(m, s)
	for i, number := range r.reader.numbers {
		r.numbers[s.Cols[i]] = present(number)
	}
	r.keepExemplars(s, p)
	return true
}

// keepExemplars keeps the exemplars of a point. It shares a list that has not changed since the last
// sample.
func (r *Round) keepExemplars(s *Series, p *model.Point) {
	r.found = appendExemplars(r.found[:0], p)
	if len(r.found) == 0 {
		return
	}
	var before map[*Series][]*model.Exemplar
	if r.last != nil {
		before = r.last.Exemplars
	}
	list := before[s]
	if !slices.Equal(list, r.found) {
		list = slices.Clone(r.found)
	}
	if r.exemplars == nil {
		r.exemplars = make(map[*Series][]*model.Exemplar, len(before))
	}
	r.exemplars[s] = list
}

func appendExemplars(list []*model.Exemplar, p *model.Point) []*model.Exemplar {
	switch h := p.Histogram; {
	case h == nil:
		if p.Exemplar != nil {
			list = append(list, p.Exemplar)
		}
	case h.Native != nil && len(h.Native.Exemplars) > 0:
		list = append(list, h.Native.Exemplars...)
	default:
		for i := range h.Buckets {
			if e := h.Buckets[i].Exemplar; e != nil {
				list = append(list, e)
			}
		}
	}
	return list
}
