package metric

import (
	"context"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/model"
)

// StreamCollector is a [Collector] for very many series. It writes each sample straight into the
// sink, without a Metric and a channel send for each. Over HTTP, its output is sent while it is
// still running, so memory stays constant. CollectTo returns its error.
//
// Describe must announce all families of the collector. They must belong to it alone: a registry
// refuses a collector that shares one, and the sink refuses a sample of any other family. CollectTo
// writes the samples of a family together, and no series twice. Over HTTP, the registry does not
// detect a series that is written twice, because that would take memory for each series;
// TestCollector of package metrictest does.
//
// A stream must not pause while other streams wait for it. A stream that sends nothing for a second,
// or for a quarter of the scrape's time if that is shorter, loses its turn and cannot continue its
// current family.
//
// CollectTo must be safe for concurrent use, and return soon after ctx is done.
//
// Collect serves registries that do not support this interface. It can call [CollectStream].
type StreamCollector interface {
	Collector
	CollectTo(ctx context.Context, sink *Sink) error
}

// Sink is where a [StreamCollector] writes its samples.
//
// If a sample is not valid, for example because its label values do not fit the descriptor, or if
// Describe has not announced its family, the scrape leaves it out, reports it and goes on. An error
// of a Sink's method therefore means that the samples are no longer needed: the deadline of the
// scrape has passed or its client has gone away. CollectTo should return that error.
//
// A Sink must not be used concurrently, nor after CollectTo has returned. As with maps, concurrent
// use is detected if two calls overlap, which is not certain. The Sink then takes no more samples,
// all calls return an error, and the scrape reports it.
type Sink struct{ to *collect.SampleWriter }

// Counter writes a sample of a counter. The label values are the values of the variable labels of
// desc, in the order of the labels.
func (s *Sink) Counter(desc *Desc, value float64, labelValues ...string) error {
	return s.to.Value(model.Counter, desc, value, labelValues)
}

// Gauge writes a sample of a gauge; see [Sink.Counter] for the label values.
func (s *Sink) Gauge(desc *Desc, value float64, labelValues ...string) error {
	return s.to.Value(model.Gauge, desc, value, labelValues)
}

// Untyped writes a sample of an untyped metric; see [Sink.Counter] for the label values.
func (s *Sink) Untyped(desc *Desc, value float64, labelValues ...string) error {
	return s.to.Value(model.Untyped, desc, value, labelValues)
}

// Histogram writes a sample of a histogram with classic buckets. buckets maps upper bounds to
// cumulative counts, and may leave out +Inf.
func (s *Sink) Histogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, labelValues ...string) error {
	m, err := NewConstHistogram(desc, count, sum, buckets, labelValues...)
	if err != nil {
		return s.to.Drop(desc, err)
	}
	return s.to.Metric(m)
}

// Summary writes a sample of a summary. quantiles maps ranks, from 0 to 1, to values.
func (s *Sink) Summary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, labelValues ...string) error {
	m, err := NewConstSummary(desc, count, sum, quantiles, labelValues...)
	if err != nil {
		return s.to.Drop(desc, err)
	}
	return s.to.Metric(m)
}

// Metric writes any metric, such as a native histogram or a metric with a timestamp or an exemplar.
// An invalid metric, see [NewInvalidMetric], makes the run a failure, as if CollectTo returned its
// error.
func (s *Sink) Metric(m Metric) error { return s.to.Metric(m) }

// streamOf returns the CollectTo method of c as a function.
func streamOf(c StreamCollector) collect.StreamFunc {
	return func(ctx context.Context, to *collect.SampleWriter) error { return c.CollectTo(ctx, &Sink{to}) }
}

// CollectStream implements Collect for a [StreamCollector], for registries that do not support the
// interface. It sends every sample of c as a Metric, and the error of CollectTo as an invalid
// metric.
func CollectStream(ctx context.Context, c StreamCollector, ch chan<- Metric) {
	collect.SendStream(ctx, c, streamOf(c), ch)
}
