package native

import "math"

// Buckets counts observations in the buckets of a native histogram, or in those
// of one stripe of it. It is not safe for concurrent use.
//
// Buckets that belong together may differ in schema and zero threshold as long
// as they have the same Config; Merger and Limiter bring them to the coarser.
type Buckets struct {
	positive, negative table
	zeroThreshold      float64
	zeroCount          uint64
	schema             int32

	// unsettled is set as long as the latest check of the limit found too many
	// buckets and could do something about it, though perhaps not enough.
	unsettled bool
}

// Reset brings b to the initial state. It has to be called before the first
// observation.
func (b *Buckets) Reset(cfg *Config) {
	b.positive.reset()
	b.negative.reset()
	b.zeroThreshold = cfg.ZeroThreshold
	b.zeroCount = 0
	b.schema = cfg.Schema
	b.unsettled = false
}

// ResetLike is Reset for Buckets that join other, which need not be in the initial
// state any more: b gets the same schema and zero threshold. So it counts what it
// observes where other would.
func (b *Buckets) ResetLike(other *Buckets) {
	b.positive.reset()
	b.negative.reset()
	b.zeroThreshold = other.zeroThreshold
	b.zeroCount = 0
	b.schema = other.schema
	b.unsettled = other.unsettled
}

// Observe counts v. NaN is in no bucket and ignored. An infinity is in the bucket
// after the one of the largest float64.
//
// If there is a limit on the number of buckets, then the result reports whether
// Limiter.Apply has to be called next: because a bucket was created, or because
// the remedy that it took last need not have been sufficient.
func (b *Buckets) Observe(v float64) (check bool) { return b.ObserveN(v, 1) }

// ObserveN is Observe for n times v, all at once; n must not be 0. If the result is true, then
// there may be more to do than after Observe: see Limiter.ApplyN.
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

// Len returns the number of populated buckets, positive and negative. The zero
// bucket is not one of them.
func (b *Buckets) Len() int { return b.positive.populated + b.negative.populated }

// coarsen lowers the schema to the given one and raises the zero threshold to
// the given one, if that is where they are not yet.
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

// smallest returns the key of the bucket that is closest to zero, or noKey. There
// may be two such buckets, a positive and a negative one.
func (b *Buckets) smallest() int32 {
	return min(b.positive.smallest(), b.negative.smallest())
}

// absorb moves the buckets with that key to the zero bucket.
func (b *Buckets) absorb(key int32) {
	b.zeroCount += b.positive.take(key) + b.negative.take(key)
}

// Merge adds the counts of other, which has the same Config, and may lower its resolution.
func (b *Buckets) Merge(other *Buckets) {
	schema, zeroThreshold := min(b.schema, other.schema), max(b.zeroThreshold, other.zeroThreshold)
	b.coarsen(schema, zeroThreshold)
	other.coarsen(schema, zeroThreshold)
	b.zeroCount += other.zeroCount
	b.positive.merge(&other.positive, 0)
	b.negative.merge(&other.negative, 0)
}
