package gokit

import (
	"github.com/go-kit/kit/metrics"

	"github.com/luxfi/metric"
)

// Gauge is a go-kit Gauge. It is safe for concurrent use.
type Gauge struct{ s series[metric.Gauge] }

var _ metrics.Gauge = (*Gauge)(nil)

// NewGauge returns a Gauge for the series of v. The caller must register v.
func NewGauge(v *metric.GaugeVec, opts ...Option) *Gauge { return newGauge(v, nil, opts) }

// NewGaugeFrom makes a vector with these labels, registers it with [metric.DefaultRegisterer] and returns a
// Gauge for it. It panics if the registration fails.
func NewGaugeFrom(o metric.GaugeOpts, labelNames []string, opts ...Option) *Gauge {
	v := metric.NewGaugeVec(o, labelNames)
	metric.MustRegister(v)
	return newGauge(v, labelNames, opts)
}

// RegisterGauge makes a vector with these labels, registers it with reg and returns a Gauge for it. If an
// equal vector is already registered, RegisterGauge uses that one; see [metric.GetOrRegister].
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

// With returns a Gauge that has additional labels, given as alternating names and values.
func (g *Gauge) With(labelValues ...string) metrics.Gauge {
	child := new(Gauge)
	child.s.init(&g.s, labelValues)
	return child
}

// Set sets the gauge to value. If the vector has other labels, Set reports an error and changes nothing;
// see [OnError].
func (g *Gauge) Set(value float64) {
	if m, ok := g.s.get(); ok {
		m.Set(value)
	}
}

// Add adds delta, which may be negative. If the vector has other labels, Add reports an error and changes
// nothing; see [OnError].
func (g *Gauge) Add(delta float64) {
	if m, ok := g.s.get(); ok {
		m.Add(delta)
	}
}
