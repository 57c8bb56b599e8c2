package native

import "sync"

// The functions in this file implement the remedies of the [Limiter], for all stripes of a histogram
// together.

func setUnsettled(stripes []*Buckets, unsettled bool) {
	for _, b := range stripes {
		b.unsettled = unsettled
	}
}

// conform gives all stripes the lowest schema and the widest zero bucket among them. They differ only
// if a stripe was added after a remedy.
func conform(stripes []*Buckets) {
	schema, zeroThreshold := stripes[0].schema, stripes[0].zeroThreshold
	for _, b := range stripes[1:] {
		schema = min(schema, b.schema)
		zeroThreshold = max(zeroThreshold, b.zeroThreshold)
	}
	for _, b := range stripes {
		b.coarsen(schema, zeroThreshold)
	}
}

var unions sync.Pool // holds *Merger values that are reset

// exceeds reports whether the union of the stripes has more than limit buckets.
func exceeds(stripes []*Buckets, limit uint64) bool {
	var sum uint64
	for _, b := range stripes {
		n := uint64(b.Len())
		if n > limit {
			return true
		}
		sum += n
	}
	if sum <= limit {
		return false
	}
	union, ok := unions.Get().(*Merger)
	if !ok {
		union = new(Merger)
	}
	for _, b := range stripes {
		union.Add(b)
	}
	n := uint64(union.sum.Len())
	union.Reset()
	unions.Put(union)
	return n > limit
}

// widenZero widens the zero bucket to include the bucket closest to zero. It does nothing and returns
// false if there is no such bucket or if the zero threshold would exceed maxThreshold.
func widenZero(stripes []*Buckets, maxThreshold float64) bool {
	if stripes[0].zeroThreshold >= maxThreshold {
		return false
	}
	key := int32(noKey)
	for _, b := range stripes {
		key = min(key, b.smallest())
	}
	if key == noKey {
		return false
	}
	threshold := upperBound(key, stripes[0].schema)
	if threshold > maxThreshold {
		return false
	}
	for _, b := range stripes {
		b.zeroThreshold = threshold
		b.absorb(key)
	}
	return true
}

// widenBuckets doubles the width of all buckets. It does nothing and returns false if they already have
// the maximum width.
func widenBuckets(stripes []*Buckets) bool {
	schema := stripes[0].schema
	if schema == minSchema {
		return false
	}
	for _, b := range stripes {
		b.coarsen(schema-1, b.zeroThreshold)
	}
	return true
}
