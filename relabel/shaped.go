package relabel

import "github.com/luxfi/metric/internal/model"

// shaped is an output as a source.
type shaped struct {
	*output

	shape  *shape       // Nil if all series of inner are treated alike.
	inner  model.Source // If there is no shape.
	mixed  bool
	key    any
	report func(n int, err error)
}

// Family implements model.Source.
func (s *shaped) Family() *model.Family { return s.family }

// Len implements model.CountedSource.
func (s *shaped) Len() int { return s.count }

// Mixed implements model.MixedSource. Rules may remove a label of some series only.
func (s *shaped) Mixed() bool { return s.mixed }

// Key implements model.StableSource.
func (s *shaped) Key() any {
	if s.key == nil {
		return nil
	}
	return shapedKey{s.key, *s.family}
}

type shapedKey struct {
	of     any
	family model.Family
}

// Series implements model.Source.
func (s *shaped) Series() model.Series {
	if s.shape == nil {
		inner := s.inner.Series()
		if len(s.scales) == 0 {
			return inner
		}
		return &scaledSeries{Series: inner, of: s}
	}
	if s.all && s.isPlain() {
		return s.shape.series
	}
	r := &reshapedSeries{shape: s.shape, of: s.output}
	r.batched, _ = s.shape.series.(model.Batched)
	if len(s.scales) > 0 {
		return &scaledSeries{Series: r, of: s}
	}
	return r
}

// reshapedSeries are series of a shape. They are safe for concurrent use.
type reshapedSeries struct {
	shape   *shape
	of      *output
	batched model.Batched // The series of the shape, or nil.
}

func (s *reshapedSeries) Len() int { return s.of.count }

// Snapshot implements model.SnapshotSeries.
func (s *reshapedSeries) Snapshot() any { return s.shape }

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
	if l := s.shape.fates[at].labels; l != unchangedLabels {
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
		first, n := s.at(from+i), 1 // A row of neighbors.
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

// scaledSeries scales values.
type scaledSeries struct {
	model.Series

	of     *shaped
	scaler scaler
	failed bool
}

// Sequential implements model.SequentialSeries: the scaler is for one goroutine.
func (s *scaledSeries) Sequential() bool { return true }

// At implements model.Series.
func (s *scaledSeries) At(i int, p *model.Point, scratch *model.Scratch) {
	s.Series.At(i, p, scratch)
	if err := s.scaler.scale(p, s.of.scales); err != nil && !s.failed {
		s.failed = true
		s.of.report(0, err)
	}
}
