package gokit

import (
	"github.com/go-kit/kit/metrics"

	"github.com/luxfi/metric"
)

// Gauge is a go-kit Gauge. It is safe for concurrent use.
type Gauge struct{ s series[metric.Gauge] }

var _ metrics.Gauge = (*Gauge)(nil)

// NewGauge returns a Gauge for the series of v, which the caller has registered or registers.
func NewGauge(v *metric.GaugeVec, opts ...Option) *Gauge { return newGauge(v, nil, opts) }

// NewGaugeFrom makes a vector with these labels, registers it with [metric.DefaultRegisterer] and
// returns a Gauge for it. It panics if the vector cannot be registered.
func NewGaugeFrom(o metric.GaugeOpts, labelNames []string, opts ...Option) *Gauge {
	v := metric.NewGaugeVec(o, labelNames)
	metric.MustRegister(v)
	return newGauge(v, labelNames, opts)
}

// RegisterGauge makes a vector with these labels, registers it with reg and returns a Gauge for it. If
// an equal vector is registered already, the Gauge is for that one; see [metric.GetOrRegister].
func RegisterGauge(reg metric.Registerer, o metric.GaugeOpts, labelNames []string, opts ...Option) (*Gauge, error) {
	v, err := metric.GetOrRegister(reg, metric.NewGaugeVec(o, labelNames))
	if err != nil {
		return nil, err
	}
	return newGauge(v, labelNames, opts), nil
}

func newGauge(v *metric.GaugeVec, names []string, opts []Option) *Gauge {
	byValues := func(values ...string) (metric.Gauge, error) { return v.GetMetricWithLabelValues(values...) }
	byName := func(labels metric.Labels) (metric.Gauge, error) { return v.GetMetricWith(labels) }
	return &Gauge{series[metric.Gauge]{family: newFamily(byValues, byName, names, opts)}}
}

// With returns a Gauge that has these labels, too: names and values in turn.
func (g *Gauge) With(labelValues ...string) metrics.Gauge {
	child := new(Gauge)
	child.s.init(&g.s, labelValues)
	return child
}

// Set sets the gauge to value. If the labels are not those of the vector, Set changes nothing and
// reports that; see [OnError].
func (g *Gauge) Set(value float64) {
	if m, ok := g.s.get(); ok {
		m.Set(value)
	}
}

// Add adds delta, which may be negative. If the labels are not those of the vector, Add changes
// nothing and reports that; see [OnError].
func (g *Gauge) Add(delta float64) {
	if m, ok := g.s.get(); ok {
		m.Add(delta)
	}
}
