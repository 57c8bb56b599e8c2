package relabel

import (
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// A layout determines the samples of a histogram or summary that a server sees. A verdict on a series is
// valid only while its points have the same layout, because rules can distinguish buckets.
type layout struct {
	native bool      // whether it is a histogram without classic buckets
	bounds []float64 // upper bounds of classic buckets, or quantiles
}

// layoutOf returns the layout of a point, or nil if the point is a number. It returns last if that fits.
func layoutOf(p *model.Point, last *layout) *layout {
	if last.fits(p) {
		return last
	}
	l := &layout{native: isNative(p)}
	for i := range boundsOf(p) {
		l.bounds = append(l.bounds, boundOf(p, i))
	}
	return l
}

// fits reports whether a point has the layout.
func (l *layout) fits(p *model.Point) bool {
	if p.Histogram == nil && p.Summary == nil {
		return l == nil
	}
	n := boundsOf(p)
	if l == nil || l.native != isNative(p) || len(l.bounds) != n {
		return false
	}
	if p.Histogram != nil && p.Histogram.Bounds != nil {
		return slices.Equal(l.bounds, p.Histogram.Bounds)
	}
	for i, bound := range l.bounds {
		if boundOf(p, i) != bound {
			return false
		}
	}
	return true
}

func isNative(p *model.Point) bool {
	return p.Histogram != nil && p.Histogram.Native != nil && p.Histogram.NumBuckets() == 0
}

// boundsOf returns the number of buckets or quantiles of a point.
func boundsOf(p *model.Point) int {
	switch {
	case p.Histogram != nil:
		return p.Histogram.NumBuckets()
	case p.Summary != nil:
		return len(p.Summary.Quantiles)
	default:
		return 0
	}
}

func boundOf(p *model.Point, i int) float64 {
	if p.Histogram != nil {
		return p.Histogram.Bucket(i).UpperBound
	}
	return p.Summary.Quantiles[i].Quantile
}
