package query

import (
	"cmp"
	"math"
	"slices"

	"github.com/luxfi/metric/dashboard/internal/store"
)

// maxUnion limits the buckets of a union. If there are more, neighbors are merged.
const maxUnion = 1024

// union is a layout that fits all histograms of a plot: its bounds are the bounds of all their buckets. It
// has gaps where no histogram has a bucket, for example between native buckets.
type union struct {
	buckets []store.Bucket
	native  bool // whether all histograms have native buckets
	parts   map[store.Bucket][]part

	shape      *store.Shape // the last argument of partsOf; most series share their shape with the previous one
	shapeParts [][]part
}

// part is a bucket of the union with its share of the observations in a bucket.
type part struct {
	at    int
	share float64
}

func newUnion(shapes []*store.Shape) *union {
	u := &union{native: len(shapes) > 0, parts: make(map[store.Bucket][]part)}
	var edges []float64
	for _, shape := range shapes {
		u.native = u.native && shape.Native
		for _, b := range shape.Buckets {
			if _, known := u.parts[b]; !known {
				u.parts[b] = nil
				edges = append(edges, b.Lower, b.Upper)
			}
		}
	}
	edges = distinct(edges)
	all := make([]store.Bucket, 0, len(u.parts))
	for b := range u.parts {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b store.Bucket) int {
		return cmp.Or(cmp.Compare(a.Lower, b.Lower), cmp.Compare(a.Upper, b.Upper))
	})
	u.buckets = covered(edges, all)
	u.buckets = merged(u.buckets, maxUnion)
	for _, b := range all {
		u.parts[b] = u.split(b)
	}
	return u
}

// partsOf returns the parts of each bucket of a shape.
func (u *union) partsOf(shape *store.Shape) [][]part {
	if u.shape == shape {
		return u.shapeParts
	}
	u.shape, u.shapeParts = shape, make([][]part, len(shape.Buckets))
	for j, b := range shape.Buckets {
		u.shapeParts[j] = u.parts[b]
	}
	return u.shapeParts
}

// distinct sorts bounds and removes those that differ only by rounding, as they do between schemas.
func distinct(edges []float64) []float64 {
	slices.Sort(edges)
	return slices.CompactFunc(edges, nearlyEqual)
}

func nearlyEqual(a, b float64) bool {
	const tolerance = 1e-9
	return a == b || math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b)) && !math.IsInf(a-b, 0)
}

// covered returns the buckets between neighboring edges that lie in a bucket of all, which is sorted by
// lower bound.
func covered(edges []float64, all []store.Bucket) []store.Bucket {
	var (
		buckets []store.Bucket
		next    int
		reach   = math.Inf(-1) // the highest upper bound of the buckets that begin at or before the edge
	)
	for i := 1; i < len(edges); i++ {
		lower, upper := edges[i-1], edges[i]
		for next < len(all) && (all[next].Lower <= lower || nearlyEqual(all[next].Lower, lower)) {
			reach = max(reach, all[next].Upper)
			next++
		}
		if reach > lower && !nearlyEqual(reach, lower) {
			buckets = append(buckets, store.Bucket{Lower: lower, Upper: upper})
		}
	}
	return buckets
}

// merged returns at most n buckets, each of which merges the same number of neighbors.
func merged(buckets []store.Bucket, n int) []store.Bucket {
	size := (len(buckets) + n - 1) / n
	if size <= 1 {
		return buckets
	}
	var result []store.Bucket
	for chunk := range slices.Chunk(buckets, size) {
		result = append(result, store.Bucket{Lower: chunk[0].Lower, Upper: chunk[len(chunk)-1].Upper})
	}
	return result
}

// split returns the parts of a bucket. It assumes that observations are spread evenly. Those in a bucket
// without a lower or upper bound go into the highest part, as if Prometheus added up cumulative buckets.
func (u *union) split(b store.Bucket) []part {
	lower, upper := b.Lower, b.Upper
	if math.IsInf(lower, -1) && upper > 0 {
		lower = 0
	}
	first, _ := slices.BinarySearchFunc(u.buckets, b.Lower, func(one store.Bucket, lower float64) int {
		if one.Upper <= lower || nearlyEqual(one.Upper, lower) {
			return -1
		}
		return +1
	})
	var parts []part
	for i := first; i < len(u.buckets); i++ {
		one := u.buckets[i]
		if one.Lower >= upper || nearlyEqual(one.Lower, upper) {
			break
		}
		width := min(one.Upper, upper) - max(one.Lower, lower)
		parts = append(parts, part{i, width / (upper - lower)})
	}
	if len(parts) == 0 {
		// The bucket is so narrow that its bounds count as one.
		if len(u.buckets) == 0 {
			return nil
		}
		return []part{{min(first, len(u.buckets)-1), 1}}
	}
	if len(parts) == 1 || math.IsInf(upper-lower, 0) || math.IsNaN(upper-lower) {
		return []part{{parts[len(parts)-1].at, 1}}
	}
	return slices.DeleteFunc(parts, func(p part) bool { return !(p.share > 0) })
}
