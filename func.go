package metric

import (
	"context"
	"slices"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/model"
)

// NewCounterFunc returns a counter that calls function for its value in each scrape. function must
// be safe for concurrent use, and must never return less than before. If it hangs or panics, only
// this series is missing from the scrape.
func NewCounterFunc(opts CounterOpts, function func() float64) CounterFunc {
	return instrument.NewFunc(model.Counter, Opts(opts), function)
}

// NewGaugeFunc returns a gauge that calls function for its value in each scrape. function must be
// safe for concurrent use. If it hangs or panics, only this series is missing from the scrape.
func NewGaugeFunc(opts GaugeOpts, function func() float64) GaugeFunc {
	return instrument.NewFunc(model.Gauge, Opts(opts), function)
}

// NewUntypedFunc is like [NewGaugeFunc], for a value of unknown type, such as a mirrored metric of
// another system.
func NewUntypedFunc(opts UntypedOpts, function func() float64) UntypedFunc {
	return instrument.NewFunc(model.Untyped, Opts(opts), function)
}

// NewStreamFunc returns a collector that calls collect in each scrape, under the context of the
// scrape, and exposes the samples that collect writes to the sink. It is the shortest way to expose
// many series of several families, such as the rows of a query:
//
//	registry.MustRegister(metric.NewStreamFunc([]*metric.Desc{users, sessions},
//		func(ctx context.Context, sink *metric.Sink) error {
//			…
//			return sink.Gauge(users, n, country)
//		}))
//
// descs are the families that collect may write; see [StreamCollector] for its other obligations.
// If descs is empty, collect may write any family. The collector is then an unchecked one: the
// registry keeps its samples in memory until collect returns, as it does for a [Collector].
//
// collect must be safe for concurrent use, and return soon after the context is done. If it is nil,
// fails, hangs or panics, the scrape lacks only the samples that collect has not written. The
// collector can have policies; see [CollectorOption]. Collectors from different calls of
// NewStreamFunc are never equal.
func NewStreamFunc(descs []*Desc, collect func(context.Context, *Sink) error) StreamCollector {
	return &streamFunc{slices.Clone(descs), collect}
}

// streamFunc adapts a function to [StreamCollector].
type streamFunc struct {
	descs   []*Desc
	collect func(context.Context, *Sink) error
}

func (f *streamFunc) Describe(ch chan<- *Desc) {
	for _, d := range f.descs {
		ch <- d
	}
}

func (f *streamFunc) Collect(ch chan<- Metric) { CollectStream(context.Background(), f, ch) }

func (f *streamFunc) CollectTo(ctx context.Context, sink *Sink) error { return f.collect(ctx, sink) }

// isUncheckedStream reports whether c is a stream that does not announce its families. A scrape
// cannot send the output of such a stream while it runs, because it would find a clash of names
// with another collector too late.
func isUncheckedStream(c StreamCollector) bool {
	f, ok := c.(*streamFunc)
	return ok && len(f.descs) == 0
}
