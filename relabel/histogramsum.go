package relabel

import (
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// histogramSum is the sum of histograms, bucket by bucket.
type histogramSum struct {
	sum     float64
	count   float64
	whole   uint64 // the count, while all counts are integers
	float   bool   // whether some counts are not integers
	classic []model.Bucket
	native  *nativeSum
}

func newHistogramSum(h *model.HistogramValue) *histogramSum {
	s := &histogramSum{classic: classicOf(h)}
	s.addCounts(h)
	if h.Native != nil {
		s.native = newNativeSum(h.Native)
	}
	return s
}

func (s *histogramSum) addCounts(h *model.HistogramValue) {
	s.sum += h.Sum
	s.whole += h.Count
	if h.CountFloat > 0 {
		s.float = true
		s.count += h.CountFloat
	} else {
		s.count += float64(h.Count)
	}
}

// classicOf returns the classic buckets of a histogram, if it has any, including +Inf.
func classicOf(h *model.HistogramValue) []model.Bucket {
	n := h.NumBuckets()
	if n == 0 && h.Native != nil {
		return nil
	}
	buckets := make([]model.Bucket, 0, n+1)
	for i := range n {
		buckets = append(buckets, h.Bucket(i))
	}
	if n == 0 || !math.IsInf(buckets[n-1].UpperBound, +1) {
		buckets = append(buckets, model.Bucket{UpperBound: math.Inf(+1), Count: h.Count, CountFloat: h.CountFloat})
	}
	return buckets
}

var errOneKind = errors.New("a histogram with only native buckets cannot be added to one with only classic buckets: it is left out")

// add adds a histogram. Only the classic buckets that all histograms have are kept. Their counts are
// cumulative, so they stay exact.
func (s *histogramSum) add(h *model.HistogramValue) error {
	classic := classicOf(h)
	if (h.Native == nil || s.native == nil) && (len(s.classic) == 0 || len(classic) == 0) {
		return errOneKind
	}
	s.addCounts(h)
	lost := false
	switch {
	case h.Native != nil && s.native != nil:
		s.native.add(newNativeSum(h.Native))
	case h.Native != nil || s.native != nil:
		s.native, lost = nil, true
	}
	common := commonBuckets(s.classic, classic)
	lost = lost || len(common) < max(len(s.classic), len(classic))
	if s.classic = common; lost {
		return errBounds
	}
	return nil
}

// commonBuckets returns the sums of the buckets that a and b have in common.
func commonBuckets(a, b []model.Bucket) (common []model.Bucket) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].UpperBound < b[0].UpperBound:
			a = a[1:]
		case a[0].UpperBound > b[0].UpperBound:
			b = b[1:]
		default:
			common = append(common, addBuckets(a[0], b[0]))
			a, b = a[1:], b[1:]
		}
	}
	return common
}

// errBounds is harmless, because all observations are in the sum.
var errBounds = errors.New("the histograms have different buckets: only the buckets that all of them have are served")

// isHarmless reports whether a histogram was added although add returned err.
func isHarmless(err error) bool { return errors.Is(err, errBounds) }

func addBuckets(a, b model.Bucket) model.Bucket {
	if a.CountFloat > 0 || b.CountFloat > 0 {
		a.CountFloat = floatCount(a) + floatCount(b)
	}
	a.Count += b.Count
	if b.Exemplar != nil && (a.Exemplar == nil || a.Exemplar.Timestamp.Nanos < b.Exemplar.Timestamp.Nanos) {
		a.Exemplar = b.Exemplar
	}
	return a
}

func floatCount(b model.Bucket) float64 {
	if b.CountFloat > 0 {
		return b.CountFloat
	}
	return float64(b.Count)
}

func (s *histogramSum) result() *model.HistogramValue {
	h := &model.HistogramValue{Sum: s.sum, Count: s.whole, Buckets: s.classic}
	if s.float {
		h.CountFloat = s.count
	}
	if s.native != nil {
		h.Native = s.native.result(s.float)
	}
	return h
}

// nativeSum is the sum of native histograms.
type nativeSum struct {
	schema             int32
	threshold          float64
	zero               float64
	positive, negative map[int32]float64 // counts by index
	exemplars          []*model.Exemplar
}

func newNativeSum(n *model.NativeHistogram) *nativeSum {
	zero := n.ZeroCountFloat
	if zero == 0 {
		zero = float64(n.ZeroCount)
	}
	return &nativeSum{n.Schema, n.ZeroThreshold, zero, countsOf(&n.Positive), countsOf(&n.Negative), slices.Clone(n.Exemplars)}
}

func countsOf(b *model.NativeBuckets) map[int32]float64 {
	counts := make(map[int32]float64)
	index, next, count := int32(0), 0, int64(0)
	for _, span := range b.Spans {
		index += span.Offset
		for range span.Length {
			if next < len(b.Deltas) {
				count += b.Deltas[next]
				counts[index] = float64(count)
			} else if next < len(b.Counts) {
				counts[index] = b.Counts[next]
			}
			next++
			index++
		}
	}
	return counts
}

// add adds other, and modifies it. The result has the lower of the two resolutions, and the wider zero
// bucket.
func (n *nativeSum) add(other *nativeSum) {
	schema := min(n.schema, other.schema)
	n.reduce(schema)
	other.reduce(schema)
	for n.threshold != other.threshold {
		n.widen(other.threshold)
		other.widen(n.threshold)
	}
	n.zero += other.zero
	for i, count := range other.positive {
		n.positive[i] += count
	}
	for i, count := range other.negative {
		n.negative[i] += count
	}
	n.exemplars = append(n.exemplars, other.exemplars...)
}

// reduce merges buckets until the schema is the given, lower one.
func (n *nativeSum) reduce(schema int32) {
	if by := n.schema - schema; by > 0 {
		n.positive, n.negative = reduced(n.positive, by), reduced(n.negative, by)
	}
	n.schema = schema
}

// reduced merges groups of 2^by adjacent buckets. Bucket i ends at base^i, inclusive. The index of the
// merged bucket with the same upper bound is therefore (i-1)>>by + 1.
func reduced(counts map[int32]float64, by int32) map[int32]float64 {
	merged := make(map[int32]float64)
	for i, count := range counts {
		merged[int32((int64(i)-1)>>by+1)] += count
	}
	return merged
}

// widen moves buckets below the threshold to the zero bucket. If the threshold lies in a bucket with
// observations, the zero bucket extends to the upper bound of that bucket.
func (n *nativeSum) widen(threshold float64) {
	if threshold <= n.threshold {
		return
	}
	n.threshold = threshold
	for _, counts := range []map[int32]float64{n.positive, n.negative} {
		for _, i := range slices.Sorted(maps.Keys(counts)) {
			if bound(i-1, n.schema) >= n.threshold {
				break
			}
			if counts[i] != 0 {
				n.threshold = max(n.threshold, bound(i, n.schema))
			}
			n.zero += counts[i]
			delete(counts, i)
		}
	}
}

// bound returns the upper bound of a bucket.
func bound(index, schema int32) float64 { return math.Exp2(math.Ldexp(float64(index), -int(schema))) }

func (n *nativeSum) result(float bool) *model.NativeHistogram {
	r := &model.NativeHistogram{Schema: n.schema, ZeroThreshold: n.threshold, Exemplars: n.exemplars}
	if float {
		r.ZeroCountFloat = n.zero
	} else {
		r.ZeroCount = uint64(n.zero)
	}
	r.Positive, r.Negative = bucketsOf(n.positive, float), bucketsOf(n.negative, float)
	return r
}

func bucketsOf(counts map[int32]float64, float bool) (b model.NativeBuckets) {
	before := int64(0)
	next := int32(0)
	for k, i := range slices.Sorted(maps.Keys(counts)) {
		if k == 0 || i != next {
			b.Spans = append(b.Spans, model.Span{Offset: i - next})
		}
		next = i + 1
		b.Spans[len(b.Spans)-1].Length++
		if float {
			b.Counts = append(b.Counts, counts[i])
			continue
		}
		b.Deltas = append(b.Deltas, int64(counts[i])-before)
		before = int64(counts[i])
	}
	return b
}
