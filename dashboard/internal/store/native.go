package store

import (
	"math"
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// maxSchema is the schema with the highest resolution that is kept: 8 buckets from each power of two to the
// next.
const maxSchema = 3

// nativeKeys identifies the native buckets of a shape. The bucket with key k at schema s ends at
// 2^(k*2^-s), and begins where the previous one ends.
type nativeKeys struct {
	schema    int32
	zero      bool // whether there is a bucket around zero, which ends at the threshold
	threshold float64
	sides     [2][]int32 // keys of positive and of negative buckets, in ascending order
}

const positive, negative = 0, 1

func (k *nativeKeys) memory() int { return 80 + 4*cap(k.sides[positive]) + 4*cap(k.sides[negative]) }

// nativeReader reads native buckets at a schema of at most maxSchema. It reuses its memory.
type nativeReader struct {
	nativeKeys

	zeroCount float64
	counts    [2][]float64 // counts of the buckets with these keys
}

// read reads the buckets that have observations.
func (r *nativeReader) read(h *model.NativeHistogram) {
	r.schema = min(h.Schema, maxSchema)
	r.threshold = h.ZeroThreshold
	r.zeroCount = count{h.ZeroCount, h.ZeroCountFloat}.float()
	r.zero = r.zeroCount > 0
	r.readSide(positive, &h.Positive, h.Schema-r.schema)
	r.readSide(negative, &h.Negative, h.Schema-r.schema)
}

// readSide reads the buckets of one side at a schema that is lower by levels.
func (r *nativeReader) readSide(side int, b *model.NativeBuckets, levels int32) {
	keys, counts := r.sides[side][:0], r.counts[side][:0]
	lowest, highest := keyRange(r.schema)
	var (
		i        int   // index of the bucket
		key      int64 // key of the bucket, at the schema of the histogram
		absolute int64 // its count, if it is an integer
	)
	n := max(len(b.Deltas), len(b.Counts))
	for _, span := range b.Spans {
		key += int64(span.Offset)
		for end := min(i+int(span.Length), n); i < end; i++ {
			var observations float64
			if len(b.Counts) > 0 {
				observations = b.Counts[i]
			} else {
				absolute += b.Deltas[i]
				observations = float64(absolute)
			}
			if observations > 0 {
				coarse := int32(min(max((key+1<<levels-1)>>levels, lowest), highest))
				if last := len(keys) - 1; last >= 0 && keys[last] == coarse {
					counts[last] += observations
				} else {
					keys, counts = append(keys, coarse), append(counts, observations)
				}
			}
			key++
		}
	}
	r.sides[side], r.counts[side] = keys, counts
}

// keyRange returns the keys of buckets whose bounds are normal numbers, and the key of infinity.
func keyRange(schema int32) (lowest, highest int64) {
	const minExponent, maxExponent = -1021, 1024
	if schema < 0 {
		return minExponent >> -schema, maxExponent>>-schema + 1
	}
	return minExponent << schema, maxExponent<<schema + 1
}

// fits reports whether the shape has all buckets that were read.
func (r *nativeReader) fits(s *Shape) bool {
	k := s.keys
	return k != nil && k.schema == r.schema &&
		(!r.zero || k.zero && k.threshold == r.threshold) &&
		includes(k.sides[positive], r.sides[positive]) &&
		includes(k.sides[negative], r.sides[negative])
}

// includes reports whether all contains some; both are in ascending order.
func includes(all, some []int32) bool {
	i := 0
	for _, key := range some {
		for i < len(all) && all[i] < key {
			i++
		}
		if i == len(all) || all[i] != key {
			return false
		}
	}
	return true
}

// shape returns a shape with the buckets that were read and those buckets of an earlier shape that have
// the same schema or threshold. The earlier shape may be nil.
func (r *nativeReader) shape(old *Shape) *Shape {
	k := &nativeKeys{schema: r.schema, zero: r.zero, threshold: r.threshold}
	var have [2][]int32
	if old != nil && old.keys != nil {
		if old.keys.schema == r.schema {
			have = old.keys.sides
		}
		if old.keys.zero && !r.zero {
			k.zero, k.threshold = true, old.keys.threshold
		}
	}
	for side := range k.sides {
		all := slices.Concat(have[side], r.sides[side])
		slices.Sort(all)
		k.sides[side] = slices.Compact(all)
	}
	s := &Shape{Kind: Histogram, Native: true, keys: k}
	s.Buckets = make([]Bucket, 0, len(k.sides[positive])+len(k.sides[negative])+1)
	for _, key := range slices.Backward(k.sides[negative]) {
		s.Buckets = append(s.Buckets, Bucket{-nativeBound(key, k.schema), -nativeBound(key-1, k.schema)})
	}
	if k.zero {
		s.Buckets = append(s.Buckets, Bucket{-k.threshold, k.threshold})
	}
	for _, key := range k.sides[positive] {
		s.Buckets = append(s.Buckets, Bucket{nativeBound(key-1, k.schema), nativeBound(key, k.schema)})
	}
	return s
}

// appendNumbers appends the numbers of a histogram whose buckets were read, in the order of a shape that
// fits.
func (r *nativeReader) appendNumbers(numbers []float64, h *model.HistogramValue, k *nativeKeys) []float64 {
	numbers = append(numbers, count{h.Count, h.CountFloat}.float(), h.Sum)
	start := len(numbers)
	numbers = r.appendSide(numbers, negative, k.sides[negative])
	slices.Reverse(numbers[start:])
	if k.zero {
		numbers = append(numbers, r.zeroCount)
	}
	return r.appendSide(numbers, positive, k.sides[positive])
}

// appendSide appends the observations of all keys, in ascending order. Those that were read are some of
// them.
func (r *nativeReader) appendSide(numbers []float64, side int, all []int32) []float64 {
	i := 0
	for _, key := range all {
		observations := 0.0
		if i < len(r.sides[side]) && r.sides[side][i] == key {
			observations = r.counts[side][i]
			i++
		}
		numbers = append(numbers, observations)
	}
	return numbers
}

// nativeBound returns the upper bound of a bucket. For the bucket before infinity it is the largest
// float64.
func nativeBound(key, schema int32) float64 {
	exponent, fraction := key, int32(0)
	if schema < 0 {
		exponent <<= -schema
	} else {
		exponent >>= schema
		fraction = key - exponent<<schema
		fraction <<= maxSchema - schema
	}
	if exponent == 1024 && fraction == 0 {
		return math.MaxFloat64
	}
	return math.Ldexp(eighths[fraction], int(exponent))
}

// eighths are the powers of 2 with the exponents 0/8 to 7/8.
var eighths = [1 << maxSchema]float64{
	1, eighth, quarter, quarter * eighth, math.Sqrt2, math.Sqrt2 * eighth, math.Sqrt2 * quarter, math.Sqrt2 * quarter * eighth,
}

const (
	quarter = 1.18920711500272106671749997056047591 // 2^(1/4)
	eighth  = 1.09050773266525765920701065576070798 // 2^(1/8)
)
