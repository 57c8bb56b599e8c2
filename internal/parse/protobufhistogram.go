package parse

import (
	"errors"

	"github.com/luxfi/metric/internal/model"
)

// histogram reads a histogram.
func (c *protobufCursor) histogram(m *wire, s *model.Scratch) error {
	n, err := m.message()
	if err != nil {
		return err
	}
	h := &s.Histogram
	if c.found&(1<<(metricHistogram>>3)) == 0 {
		resetHistogram(h)
		resetNative(&s.Native)
		c.plain, c.hasSchema = true, false
	}
	c.found |= 1 << (metricHistogram >> 3)
	wanted := c.typ == model.Histogram || c.typ == model.GaugeHistogram
	for n.pos < n.end {
		tag, err := n.tag()
		if err != nil {
			return err
		}
		switch tag {
		case sampleCount:
			h.Count, err = n.varint()
		case sampleSum:
			h.Sum, err = n.double()
		case histogramCountFloat:
			h.CountFloat, err = n.double()
			c.plain = c.plain && h.CountFloat == 0
		case histogramBucket:
			err = c.bucket(&n, h)
		case histogramCreated:
			err = c.time(&n, wanted)
		default:
			err = c.native(&n, tag, &s.Native)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func resetNative(n *model.NativeHistogram) {
	n.Schema, n.ZeroThreshold, n.ZeroCount, n.ZeroCountFloat = 0, 0, 0, 0
	n.Exemplars = n.Exemplars[:0]
	for _, b := range [...]*model.NativeBuckets{&n.Positive, &n.Negative} {
		b.Spans, b.Deltas, b.Counts = b.Spans[:0], b.Deltas[:0], b.Counts[:0]
	}
}

// bucket reads a classic bucket.
func (c *protobufCursor) bucket(m *wire, h *model.HistogramValue) error {
	n, err := m.message()
	if err != nil {
		return err
	}
	if exceeds(len(h.Buckets)+1, c.limits.Buckets) {
		return c.tooManyBuckets()
	}
	var b model.Bucket
	for n.pos < n.end {
		tag, err := n.tag()
		if err != nil {
			return err
		}
		switch tag {
		case bucketCount:
			b.Count, err = n.varint()
		case bucketBound:
			b.UpperBound, err = n.double()
		case bucketCountFloat:
			b.CountFloat, err = n.double()
			c.plain = c.plain && b.CountFloat == 0
		case bucketExemplar:
			b.Exemplar, err = c.readExemplar(&n)
		default:
			err = n.skip(tag)
		}
		if err != nil {
			return err
		}
	}
	h.Buckets = append(h.Buckets, b)
	return nil
}

func (c *protobufCursor) tooManyBuckets() error {
	return errors.New(tooMany("too many buckets in a series", c.limits.Buckets))
}

// native reads a field of the native part of a histogram, or an unknown field.
func (c *protobufCursor) native(m *wire, tag uint64, n *model.NativeHistogram) (err error) {
	switch tag {
	case histogramSchema:
		var v int64
		v, err = m.sint()
		n.Schema, c.hasSchema = int32(v), true
	case histogramZeroThreshold:
		n.ZeroThreshold, err = m.double()
	case histogramZeroCount:
		n.ZeroCount, err = m.varint()
	case histogramZeroFloat:
		n.ZeroCountFloat, err = m.double()
	case negativeSpan, negativeDelta, negativeDeltas, negativeCount, negativeCounts:
		err = c.nativeBuckets(m, tag-9<<3, &n.Negative)
	case positiveSpan, positiveDelta, positiveDeltas, positiveCount, positiveCounts:
		err = c.nativeBuckets(m, tag-12<<3, &n.Positive)
	case histogramExemplar:
		var e *model.Exemplar
		if e, err = c.readExemplar(m); e != nil {
			n.Exemplars = append(n.Exemplars, e)
		}
	default:
		err = m.skip(tag)
	}
	return err
}

// The fields of one side of a native histogram, relative to the number 0.
const (
	sideSpan   = 0<<3 | bytesType
	sideDelta  = 1<<3 | varintType
	sideDeltas = 1<<3 | bytesType
	sideCount  = 2<<3 | fixed64Type
	sideCounts = 2<<3 | bytesType
)

// nativeBuckets reads spans, deltas or counts of one side.
func (c *protobufCursor) nativeBuckets(m *wire, tag uint64, b *model.NativeBuckets) (err error) {
	switch tag {
	case sideSpan:
		var s model.Span
		s, err = readSpan(m)
		b.Spans = append(b.Spans, s)
	case sideDelta:
		b.Deltas, err = appendDelta(b.Deltas, m)
	case sideCount:
		b.Counts, err = appendCount(b.Counts, m)
	case sideDeltas:
		var all wire
		for all, err = m.message(); err == nil && all.pos < all.end; {
			b.Deltas, err = appendDelta(b.Deltas, &all)
		}
	case sideCounts:
		var all wire
		for all, err = m.message(); err == nil && all.pos < all.end; {
			b.Counts, err = appendCount(b.Counts, &all)
		}
	}
	if err == nil && exceeds(max(len(b.Spans), len(b.Deltas), len(b.Counts)), c.limits.Buckets) {
		return c.tooManyBuckets()
	}
	return err
}

func appendDelta(to []int64, m *wire) ([]int64, error) {
	v, err := m.sint()
	return append(to, v), err
}

func appendCount(to []float64, m *wire) ([]float64, error) {
	v, err := m.double()
	return append(to, v), err
}

func readSpan(m *wire) (s model.Span, err error) {
	n, err := m.message()
	if err != nil {
		return s, err
	}
	for n.pos < n.end {
		tag, err := n.tag()
		if err != nil {
			return s, err
		}
		switch tag {
		case spanOffset:
			var v int64
			v, err = n.sint()
			s.Offset = int32(v)
		case spanLength:
			var v uint64
			v, err = n.varint()
			s.Length = uint32(v)
		default:
			err = n.skip(tag)
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// isNative reports whether a histogram has native buckets by the rule of Prometheus, or inconsistent
// parts of them.
func isNative(n *model.NativeHistogram, hasSchema bool) bool {
	return hasSchema || n.ZeroThreshold != 0 || n.ZeroCount > 0 || n.ZeroCountFloat != 0 || hasBuckets(&n.Positive) || hasBuckets(&n.Negative)
}

func hasBuckets(b *model.NativeBuckets) bool { return len(b.Spans)+len(b.Deltas)+len(b.Counts) > 0 }
