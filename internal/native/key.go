package native

import (
	"math"
	"math/bits"
)

// Buckets are numbered by keys: the bucket with key k at schema s holds the values from 2^((k-1)*2^-s),
// exclusive, to 2^(k*2^-s). So one octave, from a power of two to the next, has 2^s buckets if s is not
// negative, and the bounds at one schema are every second bound at the next. That is why all keys are
// computed at the highest schema and then made coarser.
const (
	minSchema = -4
	maxSchema = 8

	octave = 1 << maxSchema // buckets in an octave at the highest schema

	// The keys, at the highest schema, of the largest regular float64 and of infinity, which has its
	// own bucket.
	lastKey     = 1024 * octave
	infinityKey = lastKey + 1
)

// bounds are the upper bounds of the buckets in the octave that ends before 1: bounds[i] is approximately
// 2^(i/256-1).
//
// The approximation is specified, because all implementations must agree to the bit. Each schema adds
// bounds to the bounds of the schema before. An added bound is its left neighbor times 2^(2^-schema), in
// float64 arithmetic.
var bounds = makeBounds()

// growthFactors are 2^(2^-schema) for the schemas from 1 on, as float64. They are literals because
// math.Exp2 may give different bits on different architectures. The first differs from math.Sqrt2,
// which is rounded up.
var growthFactors = [maxSchema]float64{
	0x1.6a09e667f3bccp+00, 0x1.306fe0a31b715p+00, 0x1.172b83c7d517bp+00, 0x1.0b5586cf9890fp+00,
	0x1.059b0d3158574p+00, 0x1.02c9a3e778061p+00, 0x1.0163da9fb3335p+00, 0x1.00b1afa5abcbfp+00,
}

func makeBounds() (bounds [octave]float64) {
	bounds[0] = 0.5
	distance := octave
	for _, factor := range growthFactors {
		distance /= 2
		for i := distance; i < octave; i += 2 * distance {
			bounds[i] = bounds[i-distance] * factor
		}
	}
	return bounds
}

const (
	mantissaBits = 52
	mantissaMask = 1<<mantissaBits - 1
	exponentBias = 1023

	// 512 cells in an octave are narrow enough for at most one bound in each.
	cellBits   = 9
	offsetBits = mantissaBits - cellBits
	offsetMask = 1<<offsetBits - 1
)

// cells maps a mantissa to the number of bounds below it with one addition. The upper bits of the
// mantissa choose the cell. The upper bits of a cell are the number of bounds before it. If there is a
// bound within the cell, its offset determines the lower bits: when a greater offset is added, they overflow
// into the upper bits.
var cells = makeCells()

func makeCells() (cells [1 << cellBits]uint64) {
	next := 0
	for c := range cells {
		cells[c] = uint64(next) << offsetBits
		if next == octave {
			continue
		}
		bound := math.Float64bits(bounds[next]) & mantissaMask
		if bound>>offsetBits == uint64(c) {
			cells[c] += offsetMask - bound&offsetMask
			next++
		}
	}
	return cells
}

// highestKey returns the key at the highest schema for the absolute value with the given bits. The value must
// be neither zero nor NaN.
func highestKey(abs uint64) int32 {
	exponent := int32(abs >> mantissaBits)
	if uint32(exponent-1) >= 2046 {
		return irregularKey(abs)
	}
	return (exponent-exponentBias)*octave + boundsBelow(abs)
}

func irregularKey(abs uint64) int32 {
	if abs>>mantissaBits != 0 {
		return infinityKey
	}
	// A subnormal number has no implicit leading bit; give it one.
	shift := bits.LeadingZeros64(abs) - (63 - mantissaBits)
	return int32(1-shift-exponentBias)*octave + boundsBelow(abs<<shift)
}

// boundsBelow returns the number of bounds that are less than the number with the mantissa in the lower
// bits of m, scaled to the octave of the bounds.
func boundsBelow(m uint64) int32 {
	cell := cells[m>>offsetBits&(1<<cellBits-1)]
	return int32((cell + m&offsetMask) >> offsetBits)
}

// coarser returns the key of the bucket that contains the bucket with the given key after the schema is
// lowered by levels.
func coarser(key, levels int32) int32 {
	levels &= 31
	return (key + 1<<levels - 1) >> levels
}

// upperBound returns the inclusive upper bound of a bucket. For the bucket before the bucket of infinity, it
// returns the largest float64 instead of the infinity that the formula gives.
func upperBound(key, schema int32) float64 {
	key <<= maxSchema - schema
	if key == lastKey {
		return math.MaxFloat64
	}
	return math.Ldexp(bounds[key&(octave-1)], int(key>>maxSchema)+1)
}
