package store

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// walk is the state of a round while it reads a family.
//
// As long as the series come exactly as expected, only next changes. At the first difference, the round
// begins its own list of series. While the list and the expected series are sorted by model.CompareLabels, it
// finds a series by merging the two. Otherwise, it looks the series up in an index.
type walk struct {
	model     *model.Family
	kind      Kind
	record    *record
	replaces  *record
	skip      bool // whether points are left out
	returning bool // whether the family was missing in the last sample

	expected  []*Series // series of the last sample that had the family
	next      int       // index of the series that probably comes next
	differs   bool      // whether the series are in Round.list
	sorted    bool      // whether the list and the expected series are in order
	indexed   bool      // whether the series are in Round.index
	lastShape *Shape    // shape of the previous series
}

// match is the result of looking for a series. At least one of the two indexes is -1. Before Round.list
// exists, listed is the index that the series would have in it.
type match struct {
	series   *Series // nil if the series is new
	expected int     // index in walk.expected of a series that comes for the first time, or -1
	listed   int     // index in Round.list of a series that has come before, or -1
	gone     bool    // whether the series existed before the last sample of the family
}

// position is an index in walk.expected or, if it is negative, the complement of an index in Round.list.
type position int32

// diverge begins the round's own list of series, with those that have come so far.
func (r *Round) diverge() {
	w := &r.walk
	if w.differs {
		return
	}
	w.differs = true
	clear(r.list[:cap(r.list)])
	r.list = append(r.list[:0], w.expected[:w.next]...)
	r.taken = slices.Grow(r.taken[:0], len(w.expected))[:len(w.expected)]
	clear(r.taken)
	for i := range w.next {
		r.taken[i] = true
	}
}

// match finds the series with these labels.
func (r *Round) match(labels model.Labels) match {
	w := &r.walk
	text := labels.Text()
	if w.next < len(w.expected) && w.expected[w.next].Key == text && (!w.differs || !r.taken[w.next]) {
		return match{series: w.expected[w.next], expected: w.next, listed: -1}
	}
	if !w.differs && w.next > 0 && w.expected[w.next-1].Key == text {
		return match{series: w.expected[w.next-1], expected: -1, listed: w.next - 1}
	}
	r.diverge()
	last := len(r.list) - 1
	if last >= 0 && r.list[last].Key == text {
		return match{series: r.list[last], expected: -1, listed: last}
	}
	if w.sorted && (last < 0 || compareKey(r.list[last], labels) < 0) {
		for w.next < len(w.expected) && compareKey(w.expected[w.next], labels) < 0 {
			w.next++
		}
		if w.next < len(w.expected) && w.expected[w.next].Key == text {
			return match{series: w.expected[w.next], expected: w.next, listed: -1}
		}
	} else if m, found := r.lookUp(text); found {
		return m
	}
	g := w.record.gone[text]
	return match{series: g.series, expected: -1, listed: -1, gone: g.series != nil}
}

func compareKey(s *Series, labels model.Labels) int {
	return model.CompareLabels(model.RawLabels(s.Key, false), labels)
}

// lookUp finds a series that is out of order.
func (r *Round) lookUp(key string) (match, bool) {
	w := &r.walk
	w.sorted = false
	if !w.indexed {
		w.indexed = true
		r.index = make(map[string]position, len(w.expected))
		for i, s := range w.expected {
			if !r.taken[i] {
				r.index[s.Key] = position(i)
			}
		}
		for i, s := range r.list {
			r.index[s.Key] = ^position(i)
		}
	}
	i, found := r.index[key]
	switch {
	case !found:
		return match{}, false
	case i < 0:
		return match{series: r.list[^i], expected: -1, listed: int(^i)}, true
	default:
		return match{series: w.expected[i], expected: int(i), listed: -1}, true
	}
}

// place records s at the position of m. s is the series of m, or replaces it.
func (r *Round) place(m match, s *Series) {
	w := &r.walk
	if !w.differs && s == m.series {
		if m.listed < 0 {
			w.next++
		}
		return
	}
	r.diverge()
	if m.listed >= 0 {
		r.list[m.listed] = s
		return
	}
	if m.expected >= 0 {
		r.taken[m.expected] = true
		w.next = m.expected + 1
	}
	if m.gone {
		r.plan.returned = append(r.plan.returned, departure{w.record, s})
	}
	if w.indexed {
		r.index[s.Key] = ^position(len(r.list))
	}
	r.list = append(r.list, s)
}

// pass leaves the series of m out of the sample.
func (r *Round) pass(m match) {
	if m.expected >= 0 {
		r.diverge()
		r.walk.next = m.expected + 1
	}
}

// endFamily ends the family begun last.
func (r *Round) endFamily() {
	w := &r.walk
	defer func() {
		*w = walk{}
		r.index = nil
	}()
	if w.skip || w.record == nil {
		return
	}
	if !w.differs && w.next < len(w.expected) {
		r.diverge()
	}
	if w.differs && len(r.list) == 0 || !w.differs && w.next == 0 {
		w.record.round = 0 // The sample does not contain the family.
		if w.replaces != nil {
			w.replaces.round = 0
		}
		return
	}
	sec := section{record: w.record, replaces: w.replaces, family: w.record.family, sorted: w.record.sorted}
	switch {
	case w.differs:
		for i, s := range w.expected {
			if !r.taken[i] {
				r.plan.departed = append(r.plan.departed, departure{w.record, s})
			}
		}
		sec.family = newFamily(w.model, slices.Clone(r.list))
		sec.sorted = w.sorted || slices.IsSortedFunc(r.list, func(a, b *Series) int {
			return compareKey(a, model.RawLabels(b.Key, false))
		})
	case sec.family.Family != w.model && *sec.family.Family != *w.model:
		sec.family = newFamily(w.model, w.expected)
	}
	r.plan.sections = append(r.plan.sections, sec)
}

func newFamily(f *model.Family, series []*Series) *Family {
	bytes := headerBytes(f)
	for _, s := range series {
		bytes += s.Bytes
	}
	return &Family{Family: f, Series: series, Bytes: bytes}
}

func newRecord(name string, kind Kind) *record { return &record{name: name, kind: kind} }
