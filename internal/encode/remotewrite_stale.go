package encode

import (
	"io"
	"math"
	"slices"
	"strings"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

// staleNaN is the value of a stale marker, which ends a series.
var staleNaN = math.Float64frombits(0x7ff0000000000002)

// seen records that the push contains the series of a point, unless the point has an explicit
// timestamp: as in a scrape, such series do not get stale markers.
func (r *remoteWrite) seen(p *model.Point, labels model.Labels) {
	if r.section == nil || p.HasTimestamp {
		return
	}
	r.section.Seen(labels, r.shapeOf(p))
}

// shapeOf returns the set of series that a point is written as. It is valid until the next call.
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

// endMissing writes stale markers for the series of the family that were in the last push but are not
// in this one.
func (r *remoteWrite) endMissing(o *output) {
	if r.section == nil || r.Cancelled != nil && r.Cancelled() {
		return
	}
	r.section.Gone(func(labels model.Labels, was, now *staleness.Shape) bool {
		r.endSeries(o, labels, was, now)
		return o.err == nil
	})
}

// endSeries writes stale markers for the series of a point that exist in was but not in now.
func (r *remoteWrite) endSeries(o *output, labels model.Labels, was, now *staleness.Shape) {
	r.describe()
	r.labels.set(&r.symbols, labels)
	all := now == nil
	if all {
		now = new(staleness.Shape)
	}
	if was == nil {
		was = new(staleness.Shape)
	}
	switch r.family.Type {
	case model.Histogram, model.GaugeHistogram:
		r.endClassic(&r.bucket, &r.bounds, "le", labels, was, now)
		if was.Native && !now.Native && !r.isLive(&r.name, labels, nil) {
			start := r.openSeries(&r.name, nil)
			r.addNative(&model.Point{Histogram: &model.HistogramValue{Sum: staleNaN, Native: new(model.NativeHistogram)}})
			r.closeSeries(start)
		}
	case model.Summary:
		r.endClassic(&r.name, &r.quantiles, "quantile", labels, was, now)
	default:
		if all {
			r.endSingle(&r.name, labels, nil)
		}
	}
	r.split(o)
}

// endClassic writes the stale markers of classic buckets or quantiles, _sum and _count.
func (r *remoteWrite) endClassic(
	name *seriesName, refs *boundRefs, label string, labels model.Labels, was, now *staleness.Shape,
) {
	if !was.Classic {
		return
	}
	for i, bound := range was.Bounds {
		if !hasBound(now.Bounds, bound) {
			r.endSingle(name, labels, refs.at(&r.symbols, i, label, bound))
		}
	}
	if now.Classic {
		return
	}
	if label == "le" {
		r.endSingle(name, labels, refs.at(&r.symbols, len(was.Bounds), label, math.Inf(+1)))
	}
	r.endSingle(&r.sum, labels, nil)
	r.endSingle(&r.count, labels, nil)
}

// endSingle writes the stale marker of a series, unless another family now has the series.
func (r *remoteWrite) endSingle(name *seriesName, labels model.Labels, bound *boundRef) {
	if !r.isLive(name, labels, bound) {
		r.single(new(model.Point), name, bound, staleNaN, false)
	}
}

// isLive reports whether the push contains a series that has moved to another family. This happens if
// the type of a family has changed, or if a histogram was replaced by a gauge with the name of its
// _count. A stale marker would have the same timestamp as the sample.
func (r *remoteWrite) isLive(name *seriesName, labels model.Labels, bound *boundRef) bool {
	if r.live == nil {
		return false
	}
	if bound != nil {
		return r.hasLiveBound(name, labels, bound)
	}
	for _, plain := range [...]model.Type{model.Untyped, model.Counter, model.Gauge, model.Info, model.StateSet} {
		if r.live.Find(name.text, plain, labels) != nil {
			return true
		}
	}
	for _, t := range [...]model.Type{model.Histogram, model.GaugeHistogram} {
		if s := r.live.Find(name.text, t, labels); s != nil && s.Native {
			return true
		}
	}
	for _, suffix := range [...]string{"_sum", "_count"} {
		family, ok := strings.CutSuffix(name.text, suffix)
		if !ok {
			continue
		}
		for _, t := range [...]model.Type{model.Histogram, model.GaugeHistogram, model.Summary} {
			if s := r.live.Find(family, t, labels); s != nil && s.Classic {
				return true
			}
		}
	}
	return false
}

// hasLiveBound is isLive for a classic bucket or a quantile.
func (r *remoteWrite) hasLiveBound(name *seriesName, labels model.Labels, bound *boundRef) bool {
	if bound.label == "quantile" {
		s := r.live.Find(name.text, model.Summary, labels)
		return s != nil && hasBound(s.Bounds, bound.of)
	}
	family := strings.TrimSuffix(name.text, "_bucket")
	for _, t := range [...]model.Type{model.Histogram, model.GaugeHistogram} {
		s := r.live.Find(family, t, labels)
		if s != nil && s.Classic && (math.IsInf(bound.of, +1) || hasBound(s.Bounds, bound.of)) {
			return true
		}
	}
	return false
}

// hasBound reports whether bounds contains bound, which may be NaN.
func hasBound(bounds []float64, bound float64) bool {
	return slices.ContainsFunc(bounds, func(b float64) bool { return b == bound || b != b && bound != bound })
}

// WriteStale writes requests with stale markers for series. Their families have only a name and a type.
// WriteStale omits series that live, if not nil, has recorded in another family.
func (w *RemoteWriter) WriteStale(
	to io.Writer, live *staleness.Round, series func(yield func(f *model.Family, labels model.Labels, was *staleness.Shape) bool),
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
			r.live = live
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
