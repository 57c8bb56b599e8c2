package instrument

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// Func is a series whose value is returned by a function of the user.
type Func struct {
	series

	function func() float64
}

// NewFunc returns an instrument whose value is the result of function.
func NewFunc(t model.Type, opts prometheus.Opts, function func() float64) *Func {
	return &Func{series: newSeries(newFamily(t, opts, nil)), function: function}
}

// Point implements [Instrument].
func (f *Func) Point(p *model.Point, _ *model.Scratch) {
	p.SetNumber(f.family.layout.Render(nil), f.function())
}

// Write implements Metric.
func (f *Func) Write(out *clientmodel.Metric) error { return writeInstrument(f, out) }

// Describe implements Collector.
func (f *Func) Describe(ch chan<- *prometheus.Desc) { ch <- f.Desc() }

// Collect implements Collector.
func (f *Func) Collect(ch chan<- prometheus.Metric) { ch <- f }

// Run implements engine.Run. It sends the sample without a channel.
func (f *Func) Run(_ context.Context, _ engine.Running, sink engine.Sink) error {
	var p model.Point
	f.Point(&p, nil)
	_ = sink.Sample(f.Family(), &p) // The error means that the scrape is over, which is not a failure of the function.
	return nil
}
