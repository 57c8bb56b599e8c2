package clientmodel

import (
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/luxfi/metric/internal/model"
)

// allocator allocates protobuf structs, many at a time.
type allocator struct {
	families slab[dto.MetricFamily]
	types    slab[dto.MetricType]
	metrics  slab[dto.Metric]
	counters slab[dto.Counter]
	gauges   slab[dto.Gauge]
	untyped  slab[dto.Untyped]
	buckets  slab[dto.Bucket]

	histograms slab[dto.Histogram]

	floats  slab[float64]
	counts  slab[uint64]
	pairs   slab[dto.LabelPair]
	strings slab[string]
	times   slab[timestamppb.Timestamp]
	texts   model.Texts
	names   []*string        // label names of the last metric, which the next metrics repeat
	row     []*dto.LabelPair // labels of the last metric

	pairLists   slab[*dto.LabelPair]
	bucketLists slab[*dto.Bucket]
	metricLists slab[*dto.Metric]
}

// slab allocates single elements from slices that double in length up to a limit.
type slab[T any] struct {
	free []T
	size int
}

const maxSlab = 256

func (s *slab[T]) next() *T {
	if len(s.free) == 0 {
		s.size = min(max(1, 2*s.size), maxSlab)
		s.free = make([]T, s.size)
	}
	e := &s.free[0]
	s.free = s.free[1:]
	return e
}

// take returns n elements. Appending to the result does not overwrite other elements.
func (s *slab[T]) take(n int) []T {
	if len(s.free) < n {
		s.size = min(max(n, 2*s.size), max(n, maxSlab))
		s.free = make([]T, s.size)
	}
	e := s.free[:n:n]
	s.free = s.free[n:]
	return e
}

func put[T any](s *slab[T], v T) *T {
	e := s.next()
	*e = v
	return e
}

func (a *allocator) metric(m *dto.Metric, t dto.MetricType, p *model.Point) {
	m.Label = a.labels(p.Labels)
	if p.HasTimestamp {
		m.TimestampMs = new(p.TimestampMs)
	}
	switch t {
	case dto.MetricType_COUNTER:
		m.Counter = a.counters.next()
		m.Counter.Value = put(&a.floats, p.Value)
		m.Counter.Exemplar = a.exemplar(p.Exemplar)
		m.Counter.CreatedTimestamp = a.time(p.Created)
	case dto.MetricType_GAUGE:
		m.Gauge = a.gauges.next()
		m.Gauge.Value = put(&a.floats, p.Value)
	case dto.MetricType_SUMMARY:
		m.Summary = a.summary(p)
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		m.Histogram = a.histogram(p)
	default:
		m.Untyped = a.untyped.next()
		m.Untyped.Value = put(&a.floats, p.Value)
	}
}

func (a *allocator) labels(l model.Labels) []*dto.LabelPair {
	if l.IsEmpty() {
		return nil
	}
	l = a.texts.Keep(l)
	a.row = a.row[:0]
	for c := l.Cursor(); c.Next(); {
		pair := a.pairs.next()
		pair.Name = a.name(len(a.row), c.Name)
		pair.Value = put(&a.strings, c.Value())
		a.row = append(a.row, pair)
	}
	pairs := a.pairLists.take(len(a.row))
	copy(pairs, a.row)
	return pairs
}

// name returns a pointer to the name of the label at index i.
func (a *allocator) name(i int, name string) *string {
	switch {
	case i >= len(a.names):
		a.names = append(a.names, put(&a.strings, name))
	case *a.names[i] != name:
		a.names[i] = put(&a.strings, name)
	}
	return a.names[i]
}

func (a *allocator) exemplar(e *model.Exemplar) *dto.Exemplar {
	if e == nil {
		return nil
	}
	pb := &dto.Exemplar{Value: put(&a.floats, e.Value), Timestamp: a.time(e.Timestamp)}
	for c := e.Labels.Cursor(); c.Next(); {
		pb.Label = append(pb.Label, &dto.LabelPair{Name: put(&a.strings, c.Name), Value: put(&a.strings, c.Value())})
	}
	return pb
}

func (a *allocator) summary(p *model.Point) *dto.Summary {
	pb := &dto.Summary{
		SampleCount:      put(&a.counts, p.Summary.Count),
		SampleSum:        put(&a.floats, p.Summary.Sum),
		CreatedTimestamp: a.time(p.Created),
	}
	for _, q := range p.Summary.Quantiles {
		pb.Quantile = append(pb.Quantile, &dto.Quantile{
			Quantile: put(&a.floats, q.Quantile), Value: put(&a.floats, q.Value),
		})
	}
	return pb
}

func (a *allocator) histogram(p *model.Point) *dto.Histogram {
	h := p.Histogram
	pb := a.histograms.next()
	pb.SampleSum, pb.CreatedTimestamp = put(&a.floats, h.Sum), a.time(p.Created)
	pb.SampleCount, pb.SampleCountFloat = a.count(h.Count, h.CountFloat)
	pb.Bucket = a.classic(h)
	if h.Native != nil {
		a.native(pb, h.Native)
	}
	return pb
}

// classic returns the classic buckets of h.
func (a *allocator) classic(h *model.HistogramValue) []*dto.Bucket {
	n := h.NumBuckets()
	if n == 0 {
		return nil
	}
	list, buckets, bounds := a.bucketLists.take(n), a.buckets.take(n), a.floats.take(n)
	if h.Counts != nil {
		counts := a.counts.take(n)
		copy(counts, h.Counts)
		copy(bounds, h.Bounds)
		for i := range list {
			b := &buckets[i]
			b.CumulativeCount, b.UpperBound = &counts[i], &bounds[i]
			list[i] = b
		}
		return list
	}
	for i := range list {
		from, b := &h.Buckets[i], &buckets[i]
		b.CumulativeCount, b.CumulativeCountFloat = a.count(from.Count, from.CountFloat)
		bounds[i] = from.UpperBound
		b.UpperBound, b.Exemplar = &bounds[i], a.exemplar(from.Exemplar)
		list[i] = b
	}
	return list
}

// count returns an integer and a float count, of which usually only one is set.
func (a *allocator) count(n uint64, float float64) (*uint64, *float64) {
	switch {
	case float == 0:
		return put(&a.counts, n), nil
	case n == 0:
		return nil, put(&a.floats, float)
	default:
		return put(&a.counts, n), put(&a.floats, float)
	}
}

func (a *allocator) native(pb *dto.Histogram, n *model.NativeHistogram) {
	pb.Schema = new(n.Schema)
	pb.ZeroThreshold = put(&a.floats, n.ZeroThreshold)
	pb.ZeroCount, pb.ZeroCountFloat = a.count(n.ZeroCount, n.ZeroCountFloat)
	pb.PositiveSpan, pb.PositiveDelta, pb.PositiveCount = encodeBuckets(&n.Positive)
	pb.NegativeSpan, pb.NegativeDelta, pb.NegativeCount = encodeBuckets(&n.Negative)
	for _, e := range n.Exemplars {
		pb.Exemplars = append(pb.Exemplars, a.exemplar(e))
	}
}

func encodeBuckets(b *model.NativeBuckets) (spans []*dto.BucketSpan, deltas []int64, counts []float64) {
	for _, s := range b.Spans {
		spans = append(spans, &dto.BucketSpan{Offset: new(s.Offset), Length: new(s.Length)})
	}
	return spans, append(deltas, b.Deltas...), append(counts, b.Counts...)
}

func (a *allocator) time(t model.Instant) *timestamppb.Timestamp {
	if !t.Valid {
		return nil
	}
	at, pb := time.Unix(0, t.Nanos), a.times.next()
	pb.Seconds, pb.Nanos = at.Unix(), int32(at.Nanosecond())
	return pb
}
