package metric

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
)

// Gauge is a value that goes up and down.
//
// Gauges made by this package are safe for concurrent use, do not allocate, and implement
// [ReadableGauge]. [Value] reads any gauge.
type Gauge = prometheus.Gauge

// ReadableGauge is a Gauge that can be read. All gauges made by this package are.
type ReadableGauge interface {
	Gauge

	// Get returns the current value.
	Get() float64
}

// NewGauge returns a gauge. Errors in opts are reported when it is registered.
func NewGauge(opts GaugeOpts) ReadableGauge {
	return alone[gauge](newFamily(model.Gauge, Opts(opts), nil))
}

// gauge implements ReadableGauge.
type gauge struct {
	series

	bits atomic.Uint64 // Of the float64.
}

// Set sets the value.
func (g *gauge) Set(v float64) { g.bits.Store(math.Float64bits(v)) }

// SetToCurrentTime sets the value to the current Unix time in seconds.
func (g *gauge) SetToCurrentTime() { g.Set(float64(time.Now().UnixNano()) / 1e9) }

// Inc adds 1.
func (g *gauge) Inc() { g.Add(1) }

// Dec subtracts 1.
func (g *gauge) Dec() { g.Add(-1) }

// Sub subtracts v.
func (g *gauge) Sub(v float64) { g.Add(-v) }

// Add adds v, which may be negative.
func (g *gauge) Add(v float64) {
	for {
		old := g.bits.Load()
		if g.bits.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

// Get returns the current value.
func (g *gauge) Get() float64 { return math.Float64frombits(g.bits.Load()) }

func (g *gauge) point(p *model.Point, _ *model.Scratch) {
	p.SetNumber(labelsOf(g), g.Get())
}

// Write implements Metric.
func (g *gauge) Write(out *MetricData) error { return writeInstrument(g, out) }

// Describe implements Collector.
func (g *gauge) Describe(ch chan<- *Desc) { ch <- g.Desc() }

// Collect implements Collector.
func (g *gauge) Collect(ch chan<- Metric) { ch <- g }

// GaugeVec is a set of gauges that differ in the values of their labels. It is safe for
// concurrent use; see CounterVec for more.
type GaugeVec struct {
	*MetricVec

	vec *vec[gauge, *gauge] // Nil in a no-op vector.
}

// NewGaugeVec returns a vector of gauges with these labels.
func NewGaugeVec(opts GaugeOpts, labelNames []string) *GaugeVec {
	return V2.NewGaugeVec(GaugeVecOpts{GaugeOpts: opts, VariableLabels: UnconstrainedLabels(labelNames)})
}

// NewGaugeVec returns a vector of gauges whose labels may be constrained.
func (v2) NewGaugeVec(opts GaugeVecOpts) *GaugeVec {
	return gaugeVec(newVec[gauge](newFamily(model.Gauge, Opts(opts.GaugeOpts), opts.VariableLabels), nil))
}

func gaugeVec(v *vec[gauge, *gauge]) *GaugeVec { return &GaugeVec{&MetricVec{v}, v} }

// GetMetricWithLabelValues returns the gauge with these label values; see CounterVec.
func (v *GaugeVec) GetMetricWithLabelValues(values ...string) (ReadableGauge, error) {
	if v.vec == nil {
		return v.noOpVec(noOp.gauge).get(values).(*noOpGauge), nil
	}
	m, err := v.vec.get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is GetMetricWithLabelValues with the label values by name.
func (v *GaugeVec) GetMetricWith(labels Labels) (ReadableGauge, error) {
	if v.vec == nil {
		return v.noOpVec(noOp.gauge).getNamed(labels).(*noOpGauge), nil
	}
	m, err := v.vec.getNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is GetMetricWithLabelValues, but panics where that returns an error.
func (v *GaugeVec) WithLabelValues(values ...string) ReadableGauge {
	if v.vec == nil {
		return v.noOpVec(noOp.gauge).get(values).(*noOpGauge)
	}
	if e := v.vec.plain.Get(values); e != nil {
		return &e.Child // Without the two calls in between, which take 2 ns.
	}
	return must(v.vec.get(values))
}

// With is GetMetricWith, but panics where that returns an error.
func (v *GaugeVec) With(labels Labels) ReadableGauge {
	if v.vec == nil {
		return v.noOpVec(noOp.gauge).getNamed(labels).(*noOpGauge)
	}
	return must(v.vec.getNamed(labels))
}

// CurryWith returns a vector with some of the labels fixed; see CounterVec.
func (v *GaugeVec) CurryWith(labels Labels) (*GaugeVec, error) {
	if v.vec == nil {
		return &GaugeVec{MetricVec: v.curryNoOp(noOp.gauge, labels)}, nil
	}
	curried, err := v.vec.curryWith(labels)
	if err != nil {
		return nil, err
	}
	return gaugeVec(curried), nil
}

// MustCurryWith is CurryWith, but panics where that returns an error.
func (v *GaugeVec) MustCurryWith(labels Labels) *GaugeVec { return must(v.CurryWith(labels)) }
