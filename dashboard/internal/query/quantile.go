package query

import (
	"math"

	"github.com/luxfi/metric/dashboard/internal/store"
)

// shownQuantiles are the quantiles of histograms that are shown.
var shownQuantiles = []float64{0.5, 0.9, 0.99}

// quantile returns the q-quantile of observations in buckets, as Prometheus estimates it: by linear
// interpolation in a classic bucket, and by exponential interpolation in a native one. counts has the
// observations in each bucket alone; it may have fractions. Without observations, the quantile is Missing.
func quantile(q float64, buckets []store.Bucket, counts []float64, native bool) float64 {
	total := 0.0
	for i := range buckets {
		total += max(counts[i], 0)
	}
	if !(total > 0) || math.IsInf(total, 0) {
		return store.Missing
	}
	rank, at := q*total, -1
	for i := range buckets {
		if !(counts[i] > 0) {
			continue
		}
		at = i
		if counts[i] >= rank {
			break
		}
		rank -= counts[i]
	}
	fraction := min(rank/counts[at], 1)
	if native {
		return inNative(buckets, at, fraction)
	}
	return inClassic(buckets, at, fraction)
}

// inClassic returns the value below which lies a fraction of bucket i, as histogram_quantile of Prometheus does: the
// lowest bucket begins at 0 if its upper bound is positive, and nothing is known of the highest one but
// where it begins.
func inClassic(buckets []store.Bucket, i int, fraction float64) float64 {
	lower, upper := buckets[i].Lower, buckets[i].Upper
	switch {
	case math.IsInf(upper, 1) && math.IsInf(lower, -1):
		return store.Missing // The only bucket.
	case math.IsInf(upper, 1):
		return lower
	case math.IsInf(lower, -1) && upper <= 0:
		return upper
	case math.IsInf(lower, -1):
		lower = 0
	}
	return lower + (upper-lower)*fraction
}

// inNative is inClassic for native buckets, of which the lowest one may be the highest negative one. The zero
// bucket extends only to the side on which there are other buckets, if they are all on one side.
func inNative(buckets []store.Bucket, i int, fraction float64) float64 {
	lower, upper := buckets[i].Lower, buckets[i].Upper
	if lower <= 0 && upper >= 0 {
		negative, positive := buckets[0].Upper < upper, buckets[len(buckets)-1].Lower > lower
		switch {
		case positive && !negative:
			lower = 0
		case negative && !positive:
			upper = 0
		}
		return lower + (upper-lower)*fraction
	}
	// An infinite bound is that of the outermost bucket: only its other bound is known.
	if math.IsInf(upper, 1) {
		return lower
	}
	if math.IsInf(lower, -1) {
		return upper
	}
	low, high := math.Log2(math.Abs(lower)), math.Log2(math.Abs(upper))
	if lower > 0 {
		return math.Exp2(low + (high-low)*fraction)
	}
	return -math.Exp2(high + (low-high)*(1-fraction))
}
