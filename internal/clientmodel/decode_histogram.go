package clientmodel

import (
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
)

func (d *Decoder) decodeHistogram(h *dto.Histogram) (*model.HistogramValue, error) {
	v := &d.histogram
	v.Count, v.CountFloat, v.Sum = h.GetSampleCount(), h.GetSampleCountFloat(), h.GetSampleSum()
	var err error
	if v.Buckets, err = d.appendBuckets(v.Buckets[:0], h.Bucket); err != nil {
		return nil, err
	}
	if err := model.CheckBuckets(v); err != nil {
		return nil, err
	}
	v.Native = nil
	if isNative(h) {
		v.Native = &d.native
		d.decodeNative(h)
		return v, model.CheckNative(v)
	}
	return v, nil
}

// appendBuckets appends classic buckets sorted by upper bound.
func (d *Decoder) appendBuckets(to []model.Bucket, from []*dto.Bucket) ([]model.Bucket, error) {
	for _, b := range from {
		to = append(to, model.Bucket{
			UpperBound: b.GetUpperBound(), Count: b.GetCumulativeCount(), CountFloat: b.GetCumulativeCountFloat(),
			Exemplar: d.exemplar(b.GetExemplar()),
		})
	}
	return to, model.SortBuckets(to)
}

// isNative reports whether a histogram has native buckets by the rule of Prometheus, or inconsistent
// parts of them.
func isNative(h *dto.Histogram) bool {
	return h.Schema != nil || len(h.PositiveSpan) > 0 || len(h.NegativeSpan) > 0 ||
		h.GetZeroThreshold() != 0 || h.GetZeroCount() > 0 || h.GetZeroCountFloat() != 0 ||
		len(h.PositiveDelta) > 0 || len(h.NegativeDelta) > 0 || len(h.PositiveCount) > 0 || len(h.NegativeCount) > 0
}

func (d *Decoder) decodeNative(h *dto.Histogram) {
	n := &d.native
	n.Schema, n.ZeroThreshold = h.GetSchema(), h.GetZeroThreshold()
	n.ZeroCount, n.ZeroCountFloat = h.GetZeroCount(), h.GetZeroCountFloat()
	decodeBuckets(&n.Positive, h.PositiveSpan, h.PositiveDelta, h.PositiveCount)
	decodeBuckets(&n.Negative, h.NegativeSpan, h.NegativeDelta, h.NegativeCount)
	n.Exemplars = n.Exemplars[:0]
	for _, pb := range h.Exemplars {
		if e := d.exemplar(pb); e != nil {
			n.Exemplars = append(n.Exemplars, e)
		}
	}
}

func decodeBuckets(b *model.NativeBuckets, spans []*dto.BucketSpan, deltas []int64, counts []float64) {
	b.Spans = b.Spans[:0]
	for _, s := range spans {
		b.Spans = append(b.Spans, model.Span{Offset: s.GetOffset(), Length: s.GetLength()})
	}
	b.Deltas = append(b.Deltas[:0], deltas...)
	b.Counts = append(b.Counts[:0], counts...)
}
