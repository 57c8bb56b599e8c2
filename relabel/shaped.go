package relabel

import (
	"sync/atomic"

	"github.com/luxfi/metric/internal/model"
)

// shaped is an output as a model.Source.
type shaped struct {
	*output

	shape  *shape       // nil if all series of inner are treated alike
	inner  model.Source // used if shape is nil
	key    any
	report func(n int, err error)
	failed atomic.Bool // whether an edit has failed and was reported
}

// Family implements model.Source.
func (s *shaped) Family() *model.Family { return s.family }

// Len implements model.CountedSource.
func (s *shaped) Len() int { return s.count }

// Mixed implements model.MixedSource. Rules may remove a label of only some series.
func (s *shaped) Mixed() bool { return s.mixed }

// Key implements model.StableSource.
func (s *shaped) Key() any {
	if s.key == nil {
		return nil
	}
	return shapedKey{s.key, *s.family, s.edit}
}

type shapedKey struct {
	of     any
	family model.Family
	edit   *edit
}

// Series implements model.Source.
func (s *shaped) Series() model.Series {
	if s.shape == nil {
		return s.edited(s.inner.Series())
	}
	if s.all && s.isPlain() {
		return s.shape.series
	}
	r := &reshapedSeries{shape: s.shape, of: s.output}
	r.batched, _ = s.shape.series.(model.Batched)
	return s.edited(r)
}

// edited returns the series with the edit of the output.
func (s *shaped) edited(inner model.Series) model.Series {
	if s.edit == nil {
		return inner
	}
	return &editedSeries{Series: inner, of: s}
}

// reshapedSeries are the series of a shape. They are safe for concurrent use.
type reshapedSeries struct {
	shape   *shape
	of      *output
	batched model.Batched // the series of the shape, or nil
}

func (s *reshapedSeries) Len() int { return s.of.count }

// Snapshot implements model.SnapshotSeries.
func (s *reshapedSeries) Snapshot() any { return snapshot{s.shape, s.of} }

// snapshot has the properties in which reshapedSeries differ.
type snapshot struct {
	shape *shape
	of    *output
}

// at returns the index of series i in the shape.
func (s *reshapedSeries) at(i int) int {
	if s.of.order == nil {
		return i
	}
	return int(s.of.order[i])
}

// At implements model.Series.
func (s *reshapedSeries) At(i int, p *model.Point, scratch *model.Scratch) {
	at := s.at(i)
	s.shape.series.At(at, p, scratch)
	s.relabel(at, p)
}

func (s *reshapedSeries) relabel(at int, p *model.Point) {
	if l := s.shape.results[at].labels; l != unchangedLabels {
		p.Labels = l
	}
}

// ReadBatch implements model.Batched.
func (s *reshapedSeries) ReadBatch(from int, points []model.Point, scratches []model.Scratch) {
	for i := 0; i < len(points); {
		if s.batched == nil {
			s.At(from+i, &points[i], &scratches[i])
			i++
			continue
		}
		first, n := s.at(from+i), 1 // run of adjacent series
		for i+n < len(points) && s.at(from+i+n) == first+n {
			n++
		}
		s.batched.ReadBatch(first, points[i:i+n], scratches[i:i+n])
		if s.of.relabeled {
			for j := range n {
				s.relabel(first+j, &points[i+j])
			}
		}
		i += n
	}
}

// editedSeries are series with changed values. They are as safe for concurrent use as the underlying
// series, because their state is in the scratch.
type editedSeries struct {
	model.Series

	of *shaped
}

// Sequential implements model.SequentialSeries.
func (s *editedSeries) Sequential() bool { return model.IsSequential(s.Series) }

// Snapshot implements model.SnapshotSeries.
func (s *editedSeries) Snapshot() any { return model.SnapshotOf(s.Series) }

// At implements model.Series.
func (s *editedSeries) At(i int, p *model.Point, scratch *model.Scratch) {
	s.Series.At(i, p, scratch)
	if err := editorOf(scratch).edit(s.of.family, p, s.of.edit); err != nil && !s.of.failed.Swap(true) {
		s.of.report(0, err)
	}
}
