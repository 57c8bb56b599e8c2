package instrument

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric/internal/model"
)

// Func is a series whose value comes from somebody else's code.
type Func struct {
	series

	function func() float64
}

func NewFunc(t model.Type, opts prometheus.Opts, function func() float64) *Func {
	return &Func{series: newSeries(newFamily(t, opts, nil)), function: function}
}

func (f *Func) Point(p *model.Point, _ *model.Scratch) {
	p.SetNumber(f.family.layout.Render(nil), f.function())
}

// Write implements Metric.
func (f *Func) Write(out *dto.Metric) error { return writeInstrument(f, out) }

// Describe implements Collector.
func (f *Func) Describe(ch chan<- *prometheus.Desc) { ch <- f.Desc() }

// Collect implements Collector.
func (f *Func) Collect(ch chan<- prometheus.Metric) { ch <- f }
