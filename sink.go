package metric

import (
	"context"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/model"
)

// StreamCollector is a Collector for very many series. It writes each sample straight
// into the sink, without a Metric and a channel send for each; over HTTP its output
// is sent while it still runs, so that memory stays constant. It can return an error.
//
// Describe has to announce all its families, and they have to be its own: a registry
// refuses to share them, and the sink refuses a sample of another family. While other
// streams wait for it, a stream that sends nothing for a second, or for a quarter of the
// scrape's time if that is shorter, loses its turn: it cannot continue the family that
// it is in the middle of. CollectTo writes the samples of a family together, and no
// series twice: over HTTP that goes unnoticed, since it would take memory for each
// series (TestCollector of package metrictest finds it). It must
// be safe for concurrent use and return soon after ctx is done.
//
// Collect serves registries that do not know this interface; CollectStream
// implements it.
type StreamCollector interface {
	Collector
	CollectTo(ctx context.Context, sink *Sink) error
}

// Sink is where a StreamCollector writes its samples.
//
// A sample that is not valid, for example because its label values do not fit the
// descriptor, is left out and reported by the scrape, which goes on. So is one of a family
// that the collector has not announced by Describe. So the error of
// Sink's methods has one meaning: nobody waits for the samples any more, because the
// scrape's deadline has passed or its client has gone away. CollectTo should return
// it.
//
// A Sink must not be used concurrently, nor after CollectTo has returned. As with maps,
// concurrent use is noticed if a call comes during another one, which is not certain: then
// the Sink takes no more samples, which the scrape reports, and all calls return an error.
type Sink struct{ to *collect.SampleWriter }

// Counter writes a sample of a counter. The label values are those of the variable
// labels of desc, in their order.
func (s *Sink) Counter(desc *Desc, value float64, labelValues ...string) error {
	return s.to.Value(model.Counter, desc, value, labelValues)
}

// Gauge writes a sample of a gauge.
func (s *Sink) Gauge(desc *Desc, value float64, labelValues ...string) error {
	return s.to.Value(model.Gauge, desc, value, labelValues)
}

// Untyped writes a sample of an untyped metric.
func (s *Sink) Untyped(desc *Desc, value float64, labelValues ...string) error {
	return s.to.Value(model.Untyped, desc, value, labelValues)
}

// Histogram writes a sample of a histogram with classic buckets: the cumulative counts by upper
// bound. +Inf may be left out.
func (s *Sink) Histogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, labelValues ...string) error {
	m, err := NewConstHistogram(desc, count, sum, buckets, labelValues...)
	if err != nil {
		return s.to.Drop(desc, err)
	}
	return s.to.Metric(m)
}

// Summary writes a sample of a summary, with the values by quantile.
func (s *Sink) Summary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, labelValues ...string) error {
	m, err := NewConstSummary(desc, count, sum, quantiles, labelValues...)
	if err != nil {
		return s.to.Drop(desc, err)
	}
	return s.to.Metric(m)
}

// Metric writes any metric: a native histogram, one with a timestamp or with an exemplar. An
// invalid one makes the run a failure, as if CollectTo returned its error.
func (s *Sink) Metric(m Metric) error { return s.to.Metric(m) }

// streamOf returns what c writes, as a function.
func streamOf(c StreamCollector) collect.StreamFunc {
	return func(ctx context.Context, to *collect.SampleWriter) error { return c.CollectTo(ctx, &Sink{to}) }
}

// CollectStream implements Collect for a StreamCollector, for registries that do not
// know the interface: it sends every sample of c as a Metric, and the error of
// CollectTo as an invalid one.
func CollectStream(ctx context.Context, c StreamCollector, ch chan<- Metric) {
	collect.SendStream(ctx, c, streamOf(c), ch)
}
