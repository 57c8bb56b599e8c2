package encode

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
)

// The fields of io.prometheus.client.Histogram and its parts. Count and sum are sampleCount and
// sampleSum.
const (
	histogramBucket        = 3
	histogramCountFloat    = 4
	histogramSchema        = 5
	histogramZeroThreshold = 6
	histogramZeroCount     = 7
	histogramZeroFloat     = 8
	histogramNegative      = 9  // also 10 and 11, see appendNativeBuckets
	histogramPositive      = 12 // also 13 and 14
	histogramCreated       = 15

	bucketCount      = 1
	bucketUpperBound = 2
	bucketExemplar   = 3
	bucketCountFloat = 4

	spanOffset = 1
	spanLength = 2
)

// histogramExemplarsTag is the tag of field 16, the first that takes two bytes.
const histogramExemplarsTag = "\x82\x01"

func (m *messages) appendHistogram(buf []byte, p *model.Point) []byte {
	h := p.Histogram
	buf, start := appendOpen(buf, metricHistogram)
	buf = appendIntCount(buf, sampleCount, h.Count, h.CountFloat)
	buf = appendDouble(buf, sampleSum, h.Sum)
	for i := range h.Buckets {
		buf = m.appendBucket(buf, &h.Buckets[i])
	}
	for i, bound := range h.Bounds {
		buf = appendPlainBucket(buf, h.Counts[i], bound)
	}
	buf = appendFloatCount(buf, histogramCountFloat, h.CountFloat)
	if h.Native != nil {
		buf = appendNative(buf, h.Native)
	}
	if p.Created.Valid {
		buf = appendInstant(buf, histogramCreated, p.Created)
	}
	if h.Native != nil {
		for _, e := range h.Native.Exemplars {
			labels, ok := m.exemplars.exemplar(e)
			if !ok {
				continue
			}
			buf = append(buf, histogramExemplarsTag+"\x00"...)
			inner := len(buf)
			buf = appendExemplarFields(buf, e, labels)
			buf = closeAt(buf, inner)
		}
	}
	return closeAt(buf, start)
}

// appendIntCount appends an integer count, unless only the float count is set.
func appendIntCount(buf []byte, field byte, n uint64, float float64) []byte {
	if n == 0 && float != 0 {
		return buf
	}
	return appendUint(buf, field, n)
}

// appendFloatCount appends a float count if it is set.
func appendFloatCount(buf []byte, field byte, float float64) []byte {
	if float == 0 {
		return buf
	}
	return appendDouble(buf, field, float)
}

func (m *messages) appendBucket(buf []byte, b *model.Bucket) []byte {
	buf, start := appendOpen(buf, histogramBucket)
	buf = appendIntCount(buf, bucketCount, b.Count, b.CountFloat)
	buf = appendDouble(buf, bucketUpperBound, b.UpperBound)
	if b.Exemplar != nil {
		buf = m.appendExemplar(buf, b.Exemplar, bucketExemplar)
	}
	buf = appendFloatCount(buf, bucketCountFloat, b.CountFloat)
	return closeAt(buf, start)
}

// appendPlainBucket is appendBucket for a bucket that consists of a count and a bound. Its length is
// known beforehand.
func appendPlainBucket(buf []byte, n uint64, bound float64) []byte {
	const tag, double = 1, 8
	buf = append(buf, histogramBucket<<3|bytesType, byte(tag+protowire.SizeVarint(n)+tag+double))
	buf = appendUint(buf, bucketCount, n)
	return appendDouble(buf, bucketUpperBound, bound)
}

func appendNative(buf []byte, n *model.NativeHistogram) []byte {
	buf = appendSint(buf, histogramSchema, int64(n.Schema))
	buf = appendDouble(buf, histogramZeroThreshold, n.ZeroThreshold)
	buf = appendIntCount(buf, histogramZeroCount, n.ZeroCount, n.ZeroCountFloat)
	buf = appendFloatCount(buf, histogramZeroFloat, n.ZeroCountFloat)
	buf = appendNativeBuckets(buf, histogramNegative, &n.Negative)
	return appendNativeBuckets(buf, histogramPositive, &n.Positive)
}

// appendNativeBuckets appends the buckets on one side of zero: spans in the given field, deltas in the
// next, float counts in the one after that.
func appendNativeBuckets(buf []byte, field byte, b *model.NativeBuckets) []byte {
	for _, s := range b.Spans {
		var inner int
		buf, inner = appendOpen(buf, field)
		buf = appendSint(buf, spanOffset, int64(s.Offset))
		buf = appendUint(buf, spanLength, uint64(s.Length))
		buf = closeAt(buf, inner)
	}
	for _, delta := range b.Deltas {
		buf = appendSint(buf, field+1, delta)
	}
	for _, count := range b.Counts {
		buf = appendDouble(buf, field+2, count)
	}
	return buf
}
