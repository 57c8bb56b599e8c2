package encode

import (
	"math"

	"github.com/luxfi/metric/internal/model"
)

func (l *lines) appendHistogram(buf []byte, p *model.Point, labels string) []byte {
	h := p.Histogram
	if h.Counts != nil && !p.HasTimestamp {
		return l.appendPlain(buf, h, labels)
	}
	// All buckets' lines begin with the same text, which is put together once.
	start := len(buf)
	buf = l.bucket.appendOpen(buf, labels)
	buf = l.appendBuckets(buf, start, p)
	return l.appendSumAndCount(buf, p, labels, h.Sum, h.Count, h.CountFloat)
}

// appendBuckets appends the buckets of a histogram. The first line's beginning is there
// already, from start on.
func (l *lines) appendBuckets(buf []byte, start int, p *model.Point) []byte {
	h := p.Histogram
	end := len(buf)
	open := func(buf []byte) []byte {
		if len(buf) == end {
			return buf // The first line.
		}
		return append(buf, buf[start:end]...)
	}
	hasInf := false
	for i := range h.NumBuckets() {
		b := h.Bucket(i)
		buf = open(buf)
		buf = l.bounds.at(i, b.UpperBound, l.dialect).append(buf)
		buf = l.appendCount(buf, b.Count, b.CountFloat)
		buf = l.appendEnd(buf, p, b.Exemplar)
		hasInf = hasInf || math.IsInf(b.UpperBound, +1)
	}
	if !hasInf {
		buf = open(buf)
		buf = append(buf, `le="+Inf"} `...)
		buf = l.appendCount(buf, h.Count, h.CountFloat)
		buf = l.appendEnd(buf, p, nil)
	}
	return buf
}

// appendPlain is appendHistogram for Bounds and Counts, and without a timestamp: there
// each line is a bound that is known and a number.
func (l *lines) appendPlain(buf []byte, h *model.HistogramValue, labels string) []byte {
	start := len(buf)
	buf = l.bucket.appendOpen(buf, labels)
	open := buf[start:]
	texts := l.bounds.all(h.Bounds, l.dialect)
	counts := h.Counts[:len(texts)]
	for i := range texts {
		if i > 0 {
			buf = append(buf, open...)
		}
		buf = texts[i].append(buf)
		if n := counts[i]; n < 1000 {
			buf = smallLines[n].append(buf)
		} else {
			buf = append(l.appendCount(buf, n, 0), '\n')
		}
	}
	buf = l.sum.appendSeries(buf, labels)
	buf = l.dialect.appendFloat(buf, h.Sum)
	buf = append(buf, '\n')
	buf = l.count.appendSeries(buf, labels)
	return append(l.appendCount(buf, h.Count, 0), '\n')
}

// batchHistograms is batch for those that appendPlain is for.
func (l *lines) batchHistograms(o *output, points []model.Point) int {
	for i := range points {
		p := &points[i]
		if p.Histogram == nil || p.Histogram.Counts == nil || p.Labels.Quoted() || p.HasTimestamp {
			return i
		}
		o.buf = l.appendPlain(o.buf, p.Histogram, p.Labels.Text())
		if len(o.buf) >= chunkSize {
			if o.flush(); o.err != nil {
				return i
			}
		}
	}
	return len(points)
}
