package encode

import (
	"io"
	"math"
	"slices"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

// staleNaN is the value of a stale marker, which ends a series.
var staleNaN = math.Float64frombits(0x7ff0000000000002)

// seen notes that the push has the series of a point, unless it has timestamps of its own: as in a
// scrape, a series with such timestamps is not ended.
func (r *remoteWrite) seen(p *model.Point, labels model.Labels) {
	if r.section == nil || p.HasTimestamp {
		return
	}
	r.section.Seen(labels, r.shapeOf(p))
}

// shapeOf returns which series a point is written as. It is valid until the next call.
func (r *remoteWrite) shapeOf(p *model.Point) *staleness.Shape {
	s := &r.shape
	switch r.family.Type {
	case model.Histogram, model.GaugeHistogram:
		h := p.Histogram
		s.Classic, s.Native = r.hasClassic(h), h.Native != nil
		switch {
		case !s.Classic:
			s.Bounds = nil
		case len(h.Buckets) == 0:
			s.Bounds = h.Bounds
		default:
			r.limits = r.limits[:0]
			for i := range h.Buckets {
				if bound := h.Buckets[i].UpperBound; !math.IsInf(bound, +1) {
					r.limits = append(r.limits, bound)
				}
			}
			s.Bounds = r.limits
		}
	case model.Summary:
		r.limits = r.limits[:0]
		for _, q := range p.Summary.Quantiles {
			r.limits = append(r.limits, q.Quantile)
		}
		s.Classic, s.Bounds = true, r.limits
	default:
		return nil
	}
	return s
}

// endMissing ends the series of the family that the last push had and this one has not.
func (r *remoteWrite) endMissing(o *output) {
	if r.section == nil {
		return
	}
	r.section.Gone(func(labels model.Labels, was, now *staleness.Shape) bool {
		r.endSeries(o, labels, was, now)
		return o.err == nil
	})
}

// endSeries writes stale markers for the series that a point was written as, and is not any more.
func (r *remoteWrite) endSeries(o *output, labels model.Labels, was, now *staleness.Shape) {
	r.describe()
	r.labels.set(&r.symbols, labels)
	var p model.Point
	all := now == nil
	if all {
		now = new(staleness.Shape)
	}
	if was == nil {
		was = new(staleness.Shape)
	}
	switch r.family.Type {
	case model.Histogram, model.GaugeHistogram:
		r.endClassic(&p, &r.bucket, &r.bounds, "le", was, now)
		if was.Native && !now.Native {
			start := r.openSeries(&r.name, nil)
			r.addNative(&model.Point{Histogram: &model.HistogramValue{Sum: staleNaN, Native: new(model.NativeHistogram)}})
			r.closeSeries(start)
		}
	case model.Summary:
		r.endClassic(&p, &r.name, &r.quantiles, "quantile", was, now)
	default:
		if all {
			r.single(&p, &r.name, nil, staleNaN, false)
		}
	}
	r.split(o)
}

// endClassic writes the stale markers of classic buckets or quantiles, _sum and _count.
func (r *remoteWrite) endClassic(p *model.Point, name *seriesName, refs *boundRefs, label string, was, now *staleness.Shape) {
	if !was.Classic {
		return
	}
	for i, bound := range was.Bounds {
		if !slices.Contains(now.Bounds, bound) {
			r.single(p, name, refs.at(&r.symbols, i, label, bound), staleNaN, false)
		}
	}
	if now.Classic {
		return
	}
	if label == "le" {
		r.single(p, name, refs.at(&r.symbols, len(was.Bounds), label, math.Inf(+1)), staleNaN, false)
	}
	r.single(p, &r.sum, nil, staleNaN, false)
	r.single(p, &r.count, nil, staleNaN, false)
}

// WriteStale writes requests with stale markers for series, which belong to families that have a name and a type
// alone.
func (w *RemoteWriter) WriteStale(
	to io.Writer, series func(yield func(f *model.Family, labels model.Labels, was *staleness.Shape) bool),
) error {
	var (
		o output
		r *remoteWrite
	)
	series(func(f *model.Family, labels model.Labels, was *staleness.Shape) bool {
		if r == nil {
			ended := *w
			ended.Round = nil
			r = ended.Maker(nil).(*remoteWrite) //nolint:forcetypeassert // Maker makes nothing else.
			r.open(nil)
			o.open(to)
		}
		if r.family == nil || r.family.Name != f.Name || r.family.Type != f.Type {
			r.begin(&o, f, f.Name)
		}
		r.endSeries(&o, labels, was, nil)
		return o.err == nil
	})
	if r != nil {
		r.flush(&o)
	}
	return o.err
}
