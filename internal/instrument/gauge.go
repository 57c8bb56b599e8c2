package instrument

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// ReadableGauge is a gauge with a method that returns its value.
type ReadableGauge interface {
	prometheus.Gauge
	Get() float64
}

// NewGauge returns a gauge without variable labels.
func NewGauge(opts prometheus.GaugeOpts) *Gauge {
	return newSingle[Gauge](newFamily(model.Gauge, prometheus.Opts(opts), nil))
}

// Gauge implements [ReadableGauge].
type Gauge struct {
	series

	bits atomic.Uint64 // bits of the float64
}

// Set sets the value.
func (g *Gauge) Set(v float64) {
	g.bits.Store(math.Float64bits(v))
	setMark(&labelmap.Of(g).Mark, wasUpdated) // after the value; see pulse
}

// SetToCurrentTime sets the value to the current Unix time in seconds.
func (g *Gauge) SetToCurrentTime() { g.Set(float64(time.Now().UnixNano()) / 1e9) }

// Inc adds 1.
func (g *Gauge) Inc() { g.Add(1) }

// Dec subtracts 1.
func (g *Gauge) Dec() { g.Add(-1) }

// Sub subtracts v.
func (g *Gauge) Sub(v float64) { g.Add(-v) }

// Add adds v, which may be negative.
func (g *Gauge) Add(v float64) {
	for {
		old := g.bits.Load()
		if g.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			setMark(&labelmap.Of(g).Mark, wasAdded)
			return
		}
	}
}

// take sets the value to 0, and returns the previous value.
func (g *Gauge) take() float64 { return math.Float64frombits(g.bits.Swap(0)) }

// Get returns the current value.
func (g *Gauge) Get() float64 { return math.Float64frombits(g.bits.Load()) }

// Point implements [Instrument].
func (g *Gauge) Point(p *model.Point, _ *model.Scratch) {
	p.SetNumber(labelsOf(g), g.Get())
}

// Write implements Metric.
func (g *Gauge) Write(out *clientmodel.Metric) error { return writeInstrument(g, out) }

// Describe implements Collector.
func (g *Gauge) Describe(ch chan<- *prometheus.Desc) { ch <- g.Desc() }

// Collect implements Collector.
func (g *Gauge) Collect(ch chan<- prometheus.Metric) { ch <- g }

// Gauges holds the gauges of a vector.
type Gauges = Vec[Gauge, *Gauge]

// NewGauges returns the gauges of a vector, distinguished by the values of their labels.
func NewGauges(opts prometheus.GaugeVecOpts) *Gauges {
	return newVec[Gauge](newFamily(model.Gauge, prometheus.Opts(opts.GaugeOpts), opts.VariableLabels), nil)
}
