package metric

import (
	"context"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// NewCounterFunc returns a counter whose value is what function returns at the time of
// a scrape. function must never return less than before, and must be safe for
// concurrent use. If it hangs or panics, only this series is missing from the scrape.
func NewCounterFunc(opts CounterOpts, function func() float64) CounterFunc {
	return newValueFunc(model.Counter, Opts(opts), function)
}

// NewGaugeFunc returns a gauge whose value is what function returns at the time of a
// scrape. function must be safe for concurrent use. If it hangs or panics, only this
// series is missing from the scrape.
func NewGaugeFunc(opts GaugeOpts, function func() float64) GaugeFunc {
	return newValueFunc(model.Gauge, Opts(opts), function)
}

// NewUntypedFunc is NewGaugeFunc for a value of unknown type: a mirror of a metric of
// another system.
func NewUntypedFunc(opts UntypedOpts, function func() float64) UntypedFunc {
	return newValueFunc(model.Untyped, Opts(opts), function)
}

// valueFunc is a series whose value comes from somebody else's code.
type valueFunc struct {
	series

	function func() float64
}

func newValueFunc(t model.Type, opts Opts, function func() float64) *valueFunc {
	return &valueFunc{series: newSeries(newFamily(t, opts, nil)), function: function}
}

func (f *valueFunc) point(p *model.Point, _ *model.Scratch) {
	p.SetNumber(f.family.layout.Render(nil), f.function())
}

// run is a run for the engine, without a channel.
func (f *valueFunc) run(_ context.Context, _ engine.Running, sink engine.Sink) error {
	var p model.Point
	f.point(&p, nil)
	_ = sink.Sample(&f.family.Family, &p) // It fails if nobody waits, which is fine.
	return nil
}

// Write implements Metric.
func (f *valueFunc) Write(out *MetricData) error { return writeInstrument(f, out) }

// Describe implements Collector.
func (f *valueFunc) Describe(ch chan<- *Desc) { ch <- f.Desc() }

// Collect implements Collector.
func (f *valueFunc) Collect(ch chan<- Metric) { ch <- f }
