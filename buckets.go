package metric

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

var errBucketOrder = errors.New("histogram buckets must be in increasing order")

// bucketBounds finds the bucket of a value.
type bucketBounds struct {
	upper []float64 // Without +Inf.
}

func newBucketBounds(upper []float64) bucketBounds {
	for i := 1; i < len(upper); i++ {
		if upper[i-1] >= upper[i] {
			panic(fmt.Errorf("%w: %f >= %f", errBucketOrder, upper[i-1], upper[i]))
		}
	}
	if n := len(upper); n > 0 && math.IsInf(upper[n-1], 1) {
		upper = upper[:n-1]
	}
	return bucketBounds{slices.Clone(upper)}
}

// manyBuckets is from when on binary search is worth it. With 40 buckets it takes 8 ns
// where looking at one after the other takes 21; with 11 it is 7 and 5.
const manyBuckets = 32

// find returns the index of the first bucket whose upper bound is not below v, and
// that of +Inf for NaN.
func (b *bucketBounds) find(v float64) int {
	if len(b.upper) >= manyBuckets {
		return sort.SearchFloat64s(b.upper, v)
	}
	for i, bound := range b.upper {
		if v <= bound {
			return i
		}
	}
	return len(b.upper)
}
