package query

import (
	"iter"
	"math"
	"slices"

	"github.com/luxfi/metric/dashboard/internal/store"
)

// shownQuantiles are the quantiles that are shown of histograms.
var shownQuantiles = []float64{0.5, 0.9, 0.99}

// quantile returns the q-quantile of observations in buckets, as Prometheus estimates it: by linear
// interpolation in a classic bucket, and by exponential interpolation in a native one. counts has the
// observations of each bucket, not cumulative; they may have fractions. Without observations, the
// quantile is Missing.
func quantile(q float64, buckets []store.Bucket, counts []float64, native bool) float64 {
	total := 0.0
	for i := range buckets {
		total += max(counts[i], 0)
	}
	if !(total > 0) || math.IsInf(total, 0) {
		return store.Missing
	}
	if !native {
		at, fraction := locate(q*total, slices.All(counts))
		return inClassic(buckets, at, fraction)
	}
	if q < 0.5 {
		at, fraction := locate(q*total, slices.All(counts))
		return inNative(buckets, at, fraction)
	}
	// Prometheus counts from the other end here. This matters if the rank lies between two buckets.
	at, fraction := locate((1-q)*total, slices.Backward(counts))
	return inNative(buckets, at, 1-fraction)
}

// locate returns the bucket that contains a rank, and the fraction of its observations before the rank.
func locate(rank float64, counts iter.Seq2[int, float64]) (at int, fraction float64) {
	for i, n := range counts {
		if !(n > 0) {
			continue
		}
		if at, fraction = i, min(rank/n, 1); n >= rank {
			break
		}
		rank -= n
	}
	return at, fraction
}

// inClassic returns the value below which the given fraction of bucket i lies, like Prometheus's
// histogram_quantile: the lowest bucket begins at 0 if its upper bound is positive, and the highest
// bucket only has a known lower bound.
func inClassic(buckets []store.Bucket, i int, fraction float64) float64 {
	lower, upper := buckets[i].Lower, buckets[i].Upper
	switch {
	case math.IsInf(upper, 1) && math.IsInf(lower, -1):
		return store.Missing // the only bucket
	case math.IsInf(upper, 1):
		return lower
	case math.IsInf(lower, -1) && upper <= 0:
		return upper
	case math.IsInf(lower, -1):
		lower = 0
	}
	return lower + (upper-lower)*fraction
}

// inNative is inClassic for native buckets. Their lowest bucket may be the highest negative one. If all
// other buckets are on one side of zero, the zero bucket extends only to that side.
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
	// The outermost buckets contain only infinities.
	if math.IsInf(upper, 1) {
		return upper
	}
	if math.IsInf(lower, -1) {
		return lower
	}
	low, high := math.Log2(math.Abs(lower)), math.Log2(math.Abs(upper))
	if lower > 0 {
		return math.Exp2(low + (high-low)*fraction)
	}
	return -math.Exp2(high + (low-high)*(1-fraction))
}
