package encode

import (
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/luxfi/metric/internal/model"
)

// The fields of io.prometheus.write.v2.Histogram.
const (
	histogram2CountInt      = 1
	histogram2CountFloat    = 2
	histogram2Sum           = 3
	histogram2Schema        = 4
	histogram2ZeroThreshold = 5
	histogram2ZeroInt       = 6
	histogram2ZeroFloat     = 7
	histogram2Negative      = 8  // also 9 and 10, see appendNative2Buckets
	histogram2Positive      = 11 // also 12 and 13
	histogram2ResetHint     = 14
	histogram2Timestamp     = 15
	histogram2Start         = 17

	resetHintGauge = 3 // Such a histogram may decrease without a reset.
)

// hasClassic reports whether h is written as series of classic buckets.
func (r *remoteWrite) hasClassic(h *model.HistogramValue) bool {
	return h.Native == nil || h.NumBuckets() > 0 && !r.NativeOnly
}

// histogram adds the series of a histogram.
func (r *remoteWrite) histogram(p *model.Point) {
	h := p.Histogram
	if r.hasClassic(h) {
		r.classic(p)
	}
	if h.Native == nil {
		return
	}
	start := r.openSeries(&r.name, nil)
	r.addNative(p)
	r.addNativeExemplars(h.Native)
	r.closeSeries(start)
}

// classic adds the series of a histogram with classic buckets.
func (r *remoteWrite) classic(p *model.Point) {
	h := p.Histogram
	cumulative := r.family.Type == model.Histogram
	hasInf := false
	n := h.NumBuckets()
	for i := range n {
		b := h.Bucket(i)
		start := r.openSeries(&r.bucket, r.bounds.at(&r.symbols, i, "le", b.UpperBound))
		r.addSample(p, count(b.Count, b.CountFloat), cumulative)
		if b.Exemplar != nil {
			r.addExemplar(b.Exemplar)
		}
		r.closeSeries(start)
		hasInf = hasInf || math.IsInf(b.UpperBound, +1)
	}
	all := count(h.Count, h.CountFloat)
	if !hasInf {
		r.single(p, &r.bucket, r.bounds.at(&r.symbols, n, "le", math.Inf(+1)), all, cumulative)
	}
	r.single(p, &r.sum, nil, h.Sum, cumulative)
	r.single(p, &r.count, nil, all, cumulative)
}

// count returns the effective count of a histogram: the float count overrides n if it is positive.
func count(n uint64, float float64) float64 {
	if float > 0 {
		return float
	}
	return float64(n)
}

// addNative adds a native histogram to the current series.
func (r *remoteWrite) addNative(p *model.Point) {
	h, n := p.Histogram, p.Histogram.Native
	buf, start := appendOpen(r.series, seriesHistograms)
	if isFloat(h) {
		buf = appendDouble(buf, histogram2CountFloat, h.CountFloat)
	} else {
		buf = appendUint(buf, histogram2CountInt, h.Count)
	}
	buf = appendDouble(buf, histogram2Sum, h.Sum)
	buf = appendSint(buf, histogram2Schema, int64(n.Schema))
	buf = appendDouble(buf, histogram2ZeroThreshold, n.ZeroThreshold)
	if isFloat(h) {
		buf = appendDouble(buf, histogram2ZeroFloat, n.ZeroCountFloat)
	} else {
		buf = appendUint(buf, histogram2ZeroInt, n.ZeroCount)
	}
	buf = appendNative2Buckets(buf, histogram2Negative, &n.Negative)
	buf = appendNative2Buckets(buf, histogram2Positive, &n.Positive)
	if r.family.Type == model.GaugeHistogram {
		buf = appendUint(buf, histogram2ResetHint, resetHintGauge)
	}
	buf, at := r.appendTimestamp(buf, p, histogram2Timestamp)
	if r.family.Type == model.Histogram && p.Created.Valid {
		buf = r.start.append(buf, histogram2Start, p.Created, at)
	}
	r.series = closeAt(buf, start)
	r.counts.Histograms++
}

// isFloat reports whether a native histogram has float counts.
func isFloat(h *model.HistogramValue) bool {
	n := h.Native
	return h.CountFloat > 0 || n.ZeroCountFloat > 0 || len(n.Positive.Counts) > 0 || len(n.Negative.Counts) > 0
}

// appendNative2Buckets appends the buckets on one side of zero: spans in the given field, deltas in the
// next, float counts in the one after that.
func appendNative2Buckets(buf []byte, field byte, b *model.NativeBuckets) []byte {
	for _, s := range b.Spans {
		var span int
		buf, span = appendOpen(buf, field)
		buf = appendSint(buf, spanOffset, int64(s.Offset))
		buf = appendUint(buf, spanLength, uint64(s.Length))
		buf = closeAt(buf, span)
	}
	if len(b.Deltas) > 0 {
		var list int
		buf, list = appendOpen(buf, field+1)
		for _, delta := range b.Deltas {
			buf = protowire.AppendVarint(buf, protowire.EncodeZigZag(delta))
		}
		buf = closeAt(buf, list)
	}
	if len(b.Counts) > 0 {
		var list int
		buf, list = appendOpen(buf, field+2)
		for _, n := range b.Counts {
			buf = protowire.AppendFixed64(buf, math.Float64bits(n))
		}
		buf = closeAt(buf, list)
	}
	return buf
}

// addNativeExemplars adds the exemplars of a native histogram in order of age, as receivers demand.
func (r *remoteWrite) addNativeExemplars(n *model.NativeHistogram) {
	r.exemplars = r.exemplars[:0]
	for _, e := range n.Exemplars {
		if !r.sends(e) {
			continue
		}
		i := len(r.exemplars)
		for i > 0 && r.exemplars[i-1].Timestamp.Nanos > e.Timestamp.Nanos {
			i--
		}
		r.exemplars = slices.Insert(r.exemplars, i, e)
	}
	for _, e := range r.exemplars {
		r.addExemplar(e)
	}
}
