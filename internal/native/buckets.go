package native

import "math"

// Buckets counts the observations of a native histogram, or of one of its stripes, by bucket. It is not safe
// for concurrent use.
//
// Buckets that belong together may differ in schema and zero threshold if they have the same [Config];
// [Merger] and [Limiter] reduce them to the coarser one.
type Buckets struct {
	positive, negative table
	zeroThreshold      float64
	zeroCount          uint64
	schema             int32

	// unsettled is set while the latest check of the limit found too many buckets and took a remedy
	// that may not have been sufficient.
	unsettled bool
}

// Reset brings b to its initial state. It must be called before the first observation.
func (b *Buckets) Reset(cfg *Config) {
	b.positive.reset()
	b.negative.reset()
	b.zeroThreshold = cfg.ZeroThreshold
	b.zeroCount = 0
	b.schema = cfg.Schema
	b.unsettled = false
}

// ResetLike is like [Buckets.Reset], but for Buckets that join other. other may have become coarser. It gives
// b the schema and zero threshold of other, so that both count an observation in the same bucket.
func (b *Buckets) ResetLike(other *Buckets) {
	b.positive.reset()
	b.negative.reset()
	b.zeroThreshold = other.zeroThreshold
	b.zeroCount = 0
	b.schema = other.schema
	b.unsettled = other.unsettled
}

// Observe counts v. It ignores NaN, which is in no bucket. An infinity is in the bucket after the bucket of
// the largest float64.
//
// If the number of buckets is limited, the result reports whether [Limiter.Apply] must be called next:
// because a bucket was created, or because the last remedy may not have been sufficient.
func (b *Buckets) Observe(v float64) (check bool) { return b.ObserveN(v, 1) }

// ObserveN is [Buckets.Observe] for n observations of v at once; n must not be 0. If the result is
// true, more work may be necessary than after Observe; see [Limiter.ApplyN].
func (b *Buckets) ObserveN(v float64, n uint64) (check bool) {
	abs := math.Abs(v)
	if !(abs > b.zeroThreshold) {
		if math.IsNaN(v) {
			return false
		}
		b.zeroCount += n
		return b.unsettled
	}
	side := &b.positive
	if v < 0 {
		side = &b.negative
	}
	key := coarser(highestKey(math.Float64bits(abs)), maxSchema-b.schema)
	return side.add(key, n) || b.unsettled
}

// Len returns the number of populated buckets, positive and negative, without the zero bucket.
func (b *Buckets) Len() int { return b.positive.populated + b.negative.populated }

// coarsen lowers the schema and raises the zero threshold to the given values. It does not change them
// in the other direction.
func (b *Buckets) coarsen(schema int32, zeroThreshold float64) {
	if levels := b.schema - schema; levels > 0 {
		b.positive.coarsen(levels)
		b.negative.coarsen(levels)
		b.schema = schema
	}
	if zeroThreshold > b.zeroThreshold {
		b.zeroThreshold = zeroThreshold
		b.sweep()
	}
}

// sweep moves all buckets that are within the zero threshold to the zero bucket.
func (b *Buckets) sweep() {
	for {
		key := b.smallest()
		if key == noKey || upperBound(key, b.schema) > b.zeroThreshold {
			return
		}
		b.absorb(key)
	}
}

// smallest returns the key of the bucket that is closest to zero, or noKey. There may be two such
// buckets, a positive and a negative one.
func (b *Buckets) smallest() int32 {
	return min(b.positive.smallest(), b.negative.smallest())
}

// absorb moves the buckets with the given key to the zero bucket.
func (b *Buckets) absorb(key int32) {
	b.zeroCount += b.positive.take(key) + b.negative.take(key)
}

// Merge adds the counts of other. Both must have the same [Config]. It may lower the resolution of both.
func (b *Buckets) Merge(other *Buckets) {
	schema, zeroThreshold := min(b.schema, other.schema), max(b.zeroThreshold, other.zeroThreshold)
	b.coarsen(schema, zeroThreshold)
	other.coarsen(schema, zeroThreshold)
	b.zeroCount += other.zeroCount
	b.positive.merge(&other.positive, 0)
	b.negative.merge(&other.negative, 0)
}
