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
	whole   uint64 // The count, as long as all are integers.
	float   bool   // Some counts are not integers.
	classic []model.Bucket
	native  *nativeSum
}

func newHistogramSum(h *model.HistogramValue) *histogramSum {
	s := &histogramSum{}
	s.addCounts(h)
	for i := range h.NumBuckets() {
		s.classic = append(s.classic, h.Bucket(i))
	}
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

var errOneKind = errors.New("a histogram with native buckets cannot be added to one without them: it is left out")

// add adds a histogram. Of the classic buckets, those stay that all histograms have: the counts are
// cumulative, so what they count is exact.
func (s *histogramSum) add(h *model.HistogramValue) error {
	if (h.Native == nil) != (s.native == nil) && (len(s.classic) == 0 || h.NumBuckets() == 0) {
		return errOneKind
	}
	s.addCounts(h)
	if h.Native == nil || s.native == nil {
		s.native = nil
	} else {
		s.native.add(newNativeSum(h.Native))
	}
	common := s.classic[:0]
	next := 0
	for _, b := range s.classic {
		for next < h.NumBuckets() && h.Bucket(next).UpperBound < b.UpperBound {
			next++
		}
		if next < h.NumBuckets() && h.Bucket(next).UpperBound == b.UpperBound {
			common = append(common, addBuckets(b, h.Bucket(next)))
		}
	}
	lost := len(common) < max(len(s.classic), h.NumBuckets())
	s.classic = common
	if lost {
		return errBounds
	}
	return nil
}

var errBounds = errors.New("the histograms have different buckets: those that all of them have are served")

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
	positive, negative map[int32]float64 // Counts by index.
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

// add adds other, which changes. The result has the lower resolution of both, and the wider zero
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

// reduce merges buckets until they are those of a lower schema.
func (n *nativeSum) reduce(schema int32) {
	if by := n.schema - schema; by > 0 {
		n.positive, n.negative = reduced(n.positive, by), reduced(n.negative, by)
	}
	n.schema = schema
}

// reduced merges 2^by neighbors each. Bucket i reaches up to and including base^i, so those up to
// the same bound are (i-1)>>by + 1.
func reduced(counts map[int32]float64, by int32) map[int32]float64 {
	merged := make(map[int32]float64)
	for i, count := range counts {
		merged[int32((int64(i)-1)>>by+1)] += count
	}
	return merged
}

// widen moves buckets below the threshold to the zero bucket. If the threshold lies in a bucket that
// counts something, the zero bucket reaches to the upper bound of that.
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
