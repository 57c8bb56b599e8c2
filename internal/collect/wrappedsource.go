package collect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// Source returns a native family with a prefix or labels around it.
func (w Wrapping) Source(inner model.Source) *WrappedSource {
	t := w.newTransform()
	s := &WrappedSource{Inner: inner, family: t.Family(inner.Family()), extra: t.extra}
	if nested, ok := inner.(*WrappedSource); ok {
		s.Inner = nested.Inner
		s.extra = slices.Concat(nested.extra, t.extra)
		order.By(s.extra, func(a, b model.Label) int { return strings.Compare(a.Name, b.Name) })
	}
	return s
}

// Around is [Wrapping.Source] for a family that has not been checked. It returns an error if series already
// have a label of the wrapping, unless Existing says what happens to that label.
func (w Wrapping) Around(inner model.Source) (model.Source, error) {
	for name := range w.Labels {
		switch {
		case name == inner.Family().Reserved():
			return nil, fmt.Errorf("family %q %w", inner.Family().Name, reservedError(name))
		case !HasLabel(inner, name):
		case w.Existing == nil:
			return nil, fmt.Errorf("family %q has the label %q already", inner.Family().Name, name)
		default:
			return w.Existing.over(w, inner), nil
		}
	}
	s := w.Source(inner)
	if err := s.Check(); err != nil {
		return nil, err
	}
	return s, nil
}

// changesLabels reports whether some series of a source already have a label of the wrapping.
func (w Wrapping) changesLabels(inner model.Source) bool {
	for name := range w.Labels {
		if HasLabel(inner, name) {
			return true
		}
	}
	return false
}

// HasLabel reports whether some series of a source have the label. It asks the source if that is an
// [instrument.Labelled], and otherwise checks its series.
func HasLabel(s model.Source, name string) bool {
	if l, ok := s.(instrument.Labelled); ok {
		return l.HasLabel(name)
	}
	var (
		p       model.Point
		scratch model.Scratch
	)
	series := s.Series()
	n := series.Len()
	if !model.IsMixed(s) {
		n = min(n, 1) // The first series stands for all.
	}
	for i := range n {
		if series.At(i, &p, &scratch); p.Labels.Has(name) {
			return true
		}
	}
	return false
}

// WrappedSource is a native family behind one or more wrappings.
type WrappedSource struct {
	Inner  model.Source // not a WrappedSource
	family *model.Family
	extra  []model.Label // sorted by name
}

// Family implements [model.Source].
func (s *WrappedSource) Family() *model.Family { return s.family }

// Mixed implements [model.MixedSource].
func (s *WrappedSource) Mixed() bool { return model.IsMixed(s.Inner) }

// Len implements [model.CountedSource].
func (s *WrappedSource) Len() int { return model.LenOf(s.Inner) }

// Key implements [model.StableSource].
func (s *WrappedSource) Key() any {
	inner := model.KeyOf(s.Inner)
	if inner == nil {
		return nil
	}
	return wrappedKey{inner, *s.family, fmt.Sprintf("%q", s.extra)}
}

// wrappedKey is the key of a source behind wrappings.
type wrappedKey struct {
	inner  any
	family model.Family
	extra  string
}

// HasLabel implements [instrument.Labelled].
func (s *WrappedSource) HasLabel(name string) bool {
	return name == s.family.Reserved() || s.hasExplicit(name)
}

// hasExplicit reports whether the series have a label, not counting the one that their samples are written
// with.
func (s *WrappedSource) hasExplicit(name string) bool {
	return name != s.Inner.Family().Reserved() && HasLabel(s.Inner, name) || hasName(s.extra, name)
}

// Check returns an error if the samples are written with a label that the series have, or that cannot be
// written.
func (s *WrappedSource) Check() error {
	if reserved := s.family.Reserved(); reserved != "" && s.hasExplicit(reserved) {
		return fmt.Errorf("family %q %w", s.family.Name, reservedError(reserved))
	}
	if s.family.Type == model.StateSet {
		if err := instrument.CheckStateLabel(s.family.Name); err != nil {
			return fmt.Errorf("state set %q: %w", s.family.Name, err)
		}
	}
	return nil
}

// Gauges implements [model.GaugeSource]. The wrapped source must implement it, too.
func (s *WrappedSource) Gauges(f *model.Family) model.Source {
	return &WrappedSource{s.Inner.(model.GaugeSource).Gauges(f), f, s.extra} //nolint:forcetypeassert // See above.
}

// Series implements [model.Source].
func (s *WrappedSource) Series() model.Series {
	inner := s.Inner.Series()
	if len(s.extra) == 0 {
		return inner
	}
	w := wrappedSeries{Series: inner, extra: s.extra}
	if !s.Mixed() {
		w.setSplicer()
	}
	if batched, ok := inner.(model.Batched); ok {
		return &batchedSeries{w, batched}
	}
	return &w
}

// wrappedSeries adds labels to series.
type wrappedSeries struct {
	model.Series

	extra   []model.Label
	splicer *model.Splicer // nil if the series may have different names
}

// Snapshot implements [model.SnapshotSeries].
func (s *wrappedSeries) Snapshot() any { return model.SnapshotOf(s.Series) }

// Sequential implements [model.SequentialSeries].
func (s *wrappedSeries) Sequential() bool { return model.IsSequential(s.Series) }

// Extends implements [model.Extended].
func (s *wrappedSeries) Extends() (model.Series, *model.Splicer) { return s.Series, s.splicer }

// setSplicer makes a splicer for the names of the first series, because all series have these names.
func (s *wrappedSeries) setSplicer() {
	if s.Len() == 0 {
		return
	}
	var (
		p       model.Point
		scratch model.Scratch
		err     error
	)
	s.Series.At(0, &p, &scratch)
	if s.splicer, err = model.NewSplicer(p.Labels, s.extra); err != nil {
		panicOnLabel(err)
	}
}

func panicOnLabel(err error) {
	panic(fmt.Sprintf("BUG: a label that registration has to refuse: %v", err))
}

// At implements [model.Series].
func (s *wrappedSeries) At(i int, p *model.Point, scratch *model.Scratch) {
	s.Series.At(i, p, scratch)
	s.wrap(p, scratch)
}

func (s *wrappedSeries) wrap(p *model.Point, scratch *model.Scratch) {
	buf := &scratch.Wrapped
	if p.Labels.LiesIn(*buf) { // There is a reshaper between two wrappings.
		buf = &scratch.Around
	}
	if s.splicer != nil {
		*buf, p.Labels = s.splicer.Append((*buf)[:0], p.Labels)
		return
	}
	var err error
	if *buf, p.Labels, err = model.AppendMerged((*buf)[:0], p.Labels, s.extra); err != nil {
		panicOnLabel(err)
	}
}

// batchedSeries is a wrappedSeries whose points can be read in batches.
type batchedSeries struct {
	wrappedSeries

	batched model.Batched
}

// ReadBatch implements [model.Batched].
func (s *batchedSeries) ReadBatch(from int, points []model.Point, scratches []model.Scratch) {
	s.batched.ReadBatch(from, points, scratches)
	for i := range points {
		s.wrap(&points[i], &scratches[i])
	}
}
