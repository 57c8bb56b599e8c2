package encode

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// counts2 selects how the counts of a histogram are written. Readers recognize float histograms by a
// decimal point or an exponent, so each of their counts has one.
type counts2 struct{ float bool }

func (c counts2) append(buf []byte, n uint64, float float64) []byte {
	if !c.float {
		return appendCount2(buf, n)
	}
	if !(float > 0) {
		float = float64(n)
	}
	return appendFloatWithPoint(buf, float)
}

// appendCount2 appends a whole number without an exponent.
func appendCount2(buf []byte, n uint64) []byte {
	if n < expFrom {
		return appendSmall(buf, n)
	}
	return strconv.AppendUint(buf, n, 10)
}

// appendHistogram appends a histogram as one value: its native buckets, then its classic ones.
func (m *openMetrics2) appendHistogram(buf []byte, h *model.HistogramValue) []byte {
	native := hasNative(h)
	counts := counts2{hasFloatCounts(h) || native && hasFloatNative(h.Native)}
	if m.typ == model.GaugeHistogram {
		buf = append(buf, "{gcount:"...)
		buf = counts.append(buf, h.Count, h.CountFloat)
		buf = append(buf, ",gsum:"...)
	} else {
		buf = append(buf, "{count:"...)
		buf = counts.append(buf, h.Count, h.CountFloat)
		buf = append(buf, ",sum:"...)
	}
	buf = appendFloat(buf, h.Sum)
	if native {
		buf = counts.appendNative(buf, h.Native)
		if h.NumBuckets() == 0 {
			return append(buf, '}')
		}
	}
	buf = append(buf, ",bucket:["...)
	if h.Counts != nil {
		buf = m.appendPlain(buf, h)
	} else {
		buf = m.appendBuckets(buf, h, counts)
	}
	return append(buf, "]}"...)
}

// hasNative reports whether h has native buckets by the rules of Prometheus for protobuf, where a
// schema alone is not enough. In this format, a schema would suffice, and the native buckets would have
// to contain all observations.
func hasNative(h *model.HistogramValue) bool {
	n := h.Native
	return n != nil && (len(n.Positive.Spans) > 0 || len(n.Negative.Spans) > 0 ||
		n.ZeroThreshold != 0 || n.ZeroCount != 0 || n.ZeroCountFloat != 0)
}

func hasFloatNative(n *model.NativeHistogram) bool {
	return n.ZeroCountFloat > 0 || len(n.Positive.Counts) > 0 || len(n.Negative.Counts) > 0
}

func (m *openMetrics2) appendBuckets(buf []byte, h *model.HistogramValue, counts counts2) []byte {
	n := len(h.Buckets)
	for i := range h.Buckets {
		b := &h.Buckets[i]
		buf = m.bounds.at(i, b.UpperBound, text{}).append(buf)
		buf = counts.append(buf, b.Count, b.CountFloat)
	}
	if n == 0 || !math.IsInf(h.Buckets[n-1].UpperBound, +1) {
		buf = m.bounds.at(n, math.Inf(+1), text{}).append(buf)
		buf = counts.append(buf, h.Count, h.CountFloat)
	}
	return buf
}

// appendPlain is appendBuckets for Bounds and Counts.
func (m *openMetrics2) appendPlain(buf []byte, h *model.HistogramValue) []byte {
	texts := m.bounds.all(h.Bounds, text{})
	counts := h.Counts[:len(texts)]
	buf = slices.Grow(buf, len(texts)*maxLineEnd)
	for i := 0; i < len(texts); i++ {
		var size int
		i, size = putCounts(unsafe.Add(unsafe.Pointer(unsafe.SliceData(buf)), len(buf)), texts, counts, i)
		buf = buf[:len(buf)+size]
		if i < len(texts) {
			buf = strconv.AppendUint(buf, counts[i], 10)
		}
	}
	return buf
}

// putCounts writes bounds and their counts from bound i on, and stops before a count of expFrom or
// more. It returns the bound at which it stopped and the number of bytes written. There must be enough
// room; see putLines.
func putCounts(to unsafe.Pointer, texts []boundText, counts []uint64, i int) (bound, size int) {
	counts = counts[:len(texts)]
	for ; i < len(texts); i++ {
		size += texts[i].put(unsafe.Add(to, size))
		// The next write overwrites the newline.
		switch n := counts[i]; {
		case n < uint64(len(smallLines)):
			size += smallLines[n].put(unsafe.Add(to, size)) - 1
		case n < expFrom:
			size += putSmallLine(unsafe.Add(to, size), n) - 1
		default:
			return i, size
		}
	}
	return i, size
}

func (c counts2) appendNative(buf []byte, n *model.NativeHistogram) []byte {
	buf = append(buf, ",schema:"...)
	buf = strconv.AppendInt(buf, int64(n.Schema), 10)
	buf = append(buf, ",zero_threshold:"...)
	buf = appendFloat(buf, n.ZeroThreshold)
	buf = append(buf, ",zero_count:"...)
	buf = c.append(buf, n.ZeroCount, n.ZeroCountFloat)
	buf = c.appendSide(buf, ",negative_spans:[", "],negative_buckets:[", &n.Negative)
	return c.appendSide(buf, ",positive_spans:[", "],positive_buckets:[", &n.Positive)
}

// appendSide appends the buckets on one side of zero, if there are any. Unlike in protobuf, their
// counts are not differences.
func (c counts2) appendSide(buf []byte, spans, buckets string, b *model.NativeBuckets) []byte {
	if len(b.Deltas) == 0 && len(b.Counts) == 0 {
		return buf
	}
	buf = append(buf, spans...)
	buf = appendSpans(buf, b.Spans)
	buf = append(buf, buckets...)
	for i, count := range b.Counts {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = c.append(buf, 0, count)
	}
	count := int64(0)
	for i, delta := range b.Deltas {
		if i > 0 {
			buf = append(buf, ',')
		}
		count += delta
		buf = c.append(buf, uint64(count), 0)
	}
	return append(buf, ']')
}

// appendSpans omits empty spans, which only move the next span.
func appendSpans(buf []byte, spans []model.Span) []byte {
	begin, offset := len(buf), int64(0)
	for _, s := range spans {
		if offset += int64(s.Offset); s.Length == 0 {
			continue
		}
		if len(buf) > begin {
			buf = append(buf, ',')
		}
		buf = strconv.AppendInt(buf, offset, 10)
		buf = append(buf, ':')
		buf = appendCount2(buf, uint64(s.Length))
		offset = 0
	}
	return buf
}

// appendExemplars appends either the exemplars of the classic buckets or, if those have none, the
// exemplars of the native buckets. A single classic bucket beside native buckets is +Inf. It carries no
// information: client_golang adds it only for its exemplar. In this case, the native exemplars come
// first.
func (m *openMetrics2) appendExemplars(buf []byte, h *model.HistogramValue) []byte {
	begin := len(buf)
	if h.Native != nil && len(h.Buckets) == 1 {
		buf = m.appendNativeExemplars(buf, h.Native)
	}
	if len(buf) == begin {
		buf = m.appendClassicExemplars(buf, h.Buckets)
	}
	if h.Native != nil && len(buf) == begin {
		buf = m.appendNativeExemplars(buf, h.Native)
	}
	return buf
}

func (m *openMetrics2) appendClassicExemplars(buf []byte, buckets []model.Bucket) []byte {
	for i := range buckets {
		if e := buckets[i].Exemplar; e != nil {
			buf = m.appendExemplar(buf, e)
		}
	}
	return buf
}

func (m *openMetrics2) appendNativeExemplars(buf []byte, n *model.NativeHistogram) []byte {
	for _, e := range n.Exemplars {
		buf = m.appendExemplar(buf, e)
	}
	return buf
}

// The schemas of native histograms that the format allows.
const (
	minSchema = -4
	maxSchema = 8
)

func checkHistogram2(h *model.HistogramValue) error {
	if !(h.CountFloat >= 0) {
		return errCount
	}
	if n := h.Native; n != nil && (n.Schema < minSchema || n.Schema > maxSchema) && hasNative(h) {
		return fmt.Errorf("its native buckets have the schema %d: it must be from %d to %d", n.Schema, minSchema, maxSchema)
	}
	return nil
}
