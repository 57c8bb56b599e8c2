package relabel

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// passing returns the result of the steps for a source that exists for one scrape, such as a family of a
// remote target. If its series stay in order and in one family, they are read while they are written;
// otherwise they are copied.
func (r *reshaper) passing(source model.Source, report func(n int, err error)) []model.Source {
	var (
		f       = source.Family()
		state   = r.state(f)
		series  = source.Series()
		p       model.Point
		scratch model.Scratch
		out     = &passed{Source: source, reshaper: r, state: state, report: report}
		before  model.Point
		text    []byte
		notes   = shaping{shape: &shape{}, noted: make(map[string]int32)}
		inOrder = true
		changed = false
	)
	for i := range series.Len() {
		series.At(i, &p, &scratch)
		v := state.verdict(r, &p)
		notes.note(v.errs, v.dropped)
		if v.dropped {
			changed = true
			continue
		}
		if out.count > 0 && *out.family != *v.family {
			inOrder = false
		}
		out.family = v.family
		v.apply(&p)
		changed = changed || v.relabeled || v.edit != nil
		if inOrder && out.count > 0 && model.ComparePoints(&before, &p) >= 0 {
			inOrder = false
		}
		text = append(text[:0], p.Labels.Text()...)
		before = model.Point{Labels: model.VolatileLabels(text, p.Labels.Quoted()), TimestampMs: p.TimestampMs, HasTimestamp: p.HasTimestamp}
		out.count++
	}
	for i := range notes.notes {
		notes.notes[i].report(report)
	}
	switch {
	case out.count == 0:
		return nil
	case !inOrder:
		return r.copied(source, state, report)
	case !changed && *out.family == *f:
		return []model.Source{source}
	default:
		return []model.Source{out}
	}
}

// passed has the remaining series of a source whose series stay in order.
type passed struct {
	model.Source

	reshaper *reshaper
	state    *familyState
	family   *model.Family
	count    int
	report   func(n int, err error)
	failed   bool // whether an edit has failed and was reported
}

func (s *passed) Family() *model.Family { return s.family }
func (s *passed) Len() int              { return s.count }
func (s *passed) Mixed() bool           { return true }

// Series implements model.Source.
func (s *passed) Series() model.Series { return &passedSeries{passed: s, inner: s.Source.Series()} }

type passedSeries struct {
	*passed

	inner  model.Series
	next   int // index of the next series, if the reader continues in order
	at     int // where to look for it in inner
	editor editor
}

// Sequential implements model.SequentialSeries.
func (s *passedSeries) Sequential() bool { return true }

// At implements model.Series.
func (s *passedSeries) At(i int, p *model.Point, scratch *model.Scratch) {
	if i < s.next {
		s.next, s.at = 0, 0
	}
	for ; ; s.at++ {
		s.inner.At(s.at, p, scratch)
		v := s.state.verdict(s.reshaper, p)
		if v.dropped {
			continue
		}
		if s.next++; s.next <= i {
			continue
		}
		s.at++
		v.apply(p)
		if err := s.editor.edit(s.family, p, v.edit); err != nil && !s.failed {
			s.failed = true
			s.report(0, err)
		}
		return
	}
}

// copied returns the result of the steps for a source, sorted.
func (r *reshaper) copied(source model.Source, state *familyState, report func(n int, err error)) []model.Source {
	var (
		f       = source.Family()
		series  = source.Series()
		p       model.Point
		scratch model.Scratch
		editor  editor
		all     []*copies
		texts   model.Texts
		failed  reports
	)
	for i := range series.Len() {
		series.At(i, &p, &scratch)
		v := state.verdict(r, &p)
		if v.dropped {
			continue
		}
		before := texts.Keep(p.Labels)
		v.apply(&p)
		if err := editor.edit(v.family, &p, v.edit); err != nil && failed.isNew(f, err) {
			report(0, err)
		}
		to := slices.IndexFunc(all, func(c *copies) bool { return *c.family == *v.family })
		if to < 0 {
			to = len(all)
			all = append(all, &copies{family: v.family})
		}
		all[to].points = append(all[to].points, copied{p.CloneWith(texts.Keep(p.Labels)), before})
	}
	sources := make([]model.Source, 0, len(all))
	for _, c := range all {
		c.sort(f, report)
		sources = append(sources, c)
	}
	return sources
}

// copies are the points of a family, sorted.
type copies struct {
	family *model.Family
	points []copied
}

type copied struct {
	model.Point

	before model.Labels
}

// sort sorts the points and leaves out duplicates.
func (c *copies) sort(from *model.Family, report func(n int, err error)) {
	slices.SortStableFunc(c.points, func(a, b copied) int { return model.ComparePoints(&a.Point, &b.Point) })
	kept := c.points[:0]
	twins := twins{of: c.family, report: report}
	for i := range c.points {
		p := &c.points[i]
		if len(kept) > 0 && model.ComparePoints(&kept[len(kept)-1].Point, &p.Point) == 0 {
			twins.add(p.Labels, func() (first, second string) {
				return series(from.Name, kept[len(kept)-1].before), series(from.Name, p.before)
			})
			continue
		}
		kept = append(kept, *p)
	}
	c.points = kept
	twins.end()
}

func (c *copies) Family() *model.Family { return c.family }
func (c *copies) Mixed() bool           { return true }
func (c *copies) Series() model.Series  { return c }
func (c *copies) Len() int              { return len(c.points) }

func (c *copies) At(i int, p *model.Point, _ *model.Scratch) { *p = c.points[i].Point }
