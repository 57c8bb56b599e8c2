package relabel

import (
	"fmt"
	"math"

	"github.com/luxfi/metric/internal/model"
)

// A scaleStep is a [Scale] step with its position in the pipeline.
type scaleStep struct {
	*scaling

	step *numbered
}

// A scaler scales the values of points in its own memory. It must be used by only one goroutine at a time.
type scaler struct {
	histogram model.HistogramValue
	native    model.NativeHistogram
	summary   model.SummaryValue

	// from and by are the inputs of bounds, which is reused because most histograms have the same bounds as
	// the previous one.
	from, bounds []float64
	by           []scaleStep
}

// scale scales a point. The point then uses the memory of the scaler. If its native buckets cannot be scaled,
// the point is unchanged, and the error says why.
func (s *scaler) scale(p *model.Point, scales []scaleStep) error {
	value := func(v float64) float64 {
		for _, one := range scales {
			v = one.value(v)
		}
		return v
	}
	exemplar := func(e *model.Exemplar) *model.Exemplar {
		if e == nil {
			return nil
		}
		scaled := *e
		scaled.Value = value(e.Value)
		return &scaled
	}
	switch {
	case p.Histogram != nil:
		return s.scaleHistogram(p, scales, value, exemplar)
	case p.Summary != nil:
		q := s.summary.Quantiles[:0]
		for _, one := range p.Summary.Quantiles {
			one.Value = value(one.Value)
			q = append(q, one)
		}
		s.summary = *p.Summary
		s.summary.Sum, s.summary.Quantiles = value(p.Summary.Sum), q
		p.Summary = &s.summary
	default:
		p.Value, p.Exemplar = value(p.Value), exemplar(p.Exemplar)
	}
	return nil
}

func (s *scaler) scaleHistogram(
	p *model.Point, scales []scaleStep, value func(float64) float64, exemplar func(*model.Exemplar) *model.Exemplar,
) error {
	h := p.Histogram
	var native *model.NativeHistogram
	if h.Native != nil {
		var err error
		if native, err = s.scaleNative(h.Native, scales, value, exemplar); err != nil {
			return err
		}
	}
	buckets := s.histogram.Buckets[:0]
	for _, b := range h.Buckets {
		b.UpperBound, b.Exemplar = value(b.UpperBound), exemplar(b.Exemplar)
		buckets = append(buckets, b)
	}
	s.histogram = *h
	s.histogram.Sum, s.histogram.Native = value(h.Sum), native
	if s.histogram.Buckets = buckets; h.Buckets == nil {
		s.histogram.Buckets = nil
	}
	if h.Bounds != nil {
		s.histogram.Bounds = s.scaleBounds(h.Bounds, scales, value)
	}
	p.Histogram = &s.histogram
	return nil
}

// scaleBounds returns scaled bounds. It allocates them, because readers may retain bounds.
func (s *scaler) scaleBounds(bounds []float64, scales []scaleStep, value func(float64) float64) []float64 {
	if len(bounds) == 0 {
		return bounds
	}
	if sameSlice(s.from, bounds) && sameSlice(s.by, scales) {
		return s.bounds
	}
	scaled := make([]float64, len(bounds))
	for i, b := range bounds {
		scaled[i] = value(b)
	}
	s.from, s.by, s.bounds = bounds, scales, scaled
	return scaled
}

func (s *scaler) scaleNative(
	n *model.NativeHistogram, scales []scaleStep, value func(float64) float64, exemplar func(*model.Exemplar) *model.Exemplar,
) (*model.NativeHistogram, error) {
	shift := int64(0)
	for _, one := range scales {
		by, ok := one.shift(n.Schema)
		if !ok {
			return nil, one.step.err(fmt.Errorf("native buckets of schema %d cannot be scaled by %v, only by a power of 2 that moves each of them to another one",
				n.Schema, one.value(1)))
		}
		shift += int64(by)
	}
	scaled := *n
	scaled.ZeroThreshold = value(n.ZeroThreshold)
	var ok bool
	if scaled.Positive.Spans, ok = shifted(s.native.Positive.Spans, n.Positive.Spans, shift); !ok {
		return nil, errShift
	}
	if scaled.Negative.Spans, ok = shifted(s.native.Negative.Spans, n.Negative.Spans, shift); !ok {
		return nil, errShift
	}
	scaled.Exemplars = s.native.Exemplars[:0]
	for _, e := range n.Exemplars {
		scaled.Exemplars = append(scaled.Exemplars, exemplar(e))
	}
	s.native = scaled
	return &s.native, nil
}

var errShift = fmt.Errorf("a native histogram cannot be scaled: a bucket would have an index beyond %d", math.MaxInt32)

// shifted returns spans whose bucket indices are increased by by. It uses the memory of buf.
func shifted(buf, spans []model.Span, by int64) ([]model.Span, bool) {
	buf = append(buf[:0], spans...)
	if len(buf) == 0 {
		return buf, true
	}
	offset := int64(buf[0].Offset) + by
	end := offset
	for i := range buf {
		end += int64(buf[i].Length)
		if i > 0 {
			end += int64(buf[i].Offset)
		}
	}
	if offset <= math.MinInt32 || end-1 > math.MaxInt32 {
		return nil, false
	}
	buf[0].Offset = int32(offset)
	return buf, true
}
