package collect

import (
	"slices"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
)

// overridden is a native family with series that already have a label of the wrapping.
type overridden struct {
	inner    model.Source
	family   *model.Family
	extra    []model.Label
	existing Existing
}

// Family implements [model.Source].
func (s *overridden) Family() *model.Family { return s.family }

// Mixed implements [model.MixedSource]. It returns true because two series may have become the same.
func (s *overridden) Mixed() bool { return true }

// Len implements [model.CountedSource].
func (s *overridden) Len() int { return model.LenOf(s.inner) }

// HasLabel implements [instrument.Labelled].
func (s *overridden) HasLabel(name string) bool {
	return HasLabel(s.inner, name) || hasName(s.extra, name)
}

// Gauges implements [model.GaugeSource].
func (s *overridden) Gauges(f *model.Family) model.Source { return model.GaugesOf(s, f) }

// Series implements [model.Source]. It reads all values at once, because the labels change the order.
func (s *overridden) Series() model.Series {
	var (
		series  = s.inner.Series()
		all     = make(readPoints, 0, series.Len())
		p       model.Point
		scratch model.Scratch
		buf     []byte
		err     error
	)
	for i := range series.Len() {
		series.At(i, &p, &scratch)
		if buf, p.Labels, err = s.existing.merge(buf[:0], p.Labels, s.extra); err != nil {
			panicOnLabel(err)
		}
		read := p.Clone()
		all = append(all, &read)
	}
	slices.SortStableFunc(all, model.ComparePoints)
	return all
}

// readPoints is a list of series that have already been read.
type readPoints []*model.Point

func (s readPoints) Len() int                                   { return len(s) }
func (s readPoints) At(i int, p *model.Point, _ *model.Scratch) { *p = *s[i] }

var (
	_ model.MixedSource   = (*overridden)(nil)
	_ model.CountedSource = (*overridden)(nil)
	_ model.GaugeSource   = (*overridden)(nil)
	_ instrument.Labelled = (*overridden)(nil)
)
