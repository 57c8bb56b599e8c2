package gokit

import (
	"math"

	"github.com/go-kit/kit/metrics"

	"github.com/luxfi/metric"
)

// Counter is a go-kit Counter. It is safe for concurrent use.
type Counter struct{ s series[metric.Counter] }

var _ metrics.Counter = (*Counter)(nil)

// NewCounter returns a Counter for the series of v. The caller must register v.
func NewCounter(v *metric.CounterVec, opts ...Option) *Counter { return newCounter(v, nil, opts) }

// NewCounterFrom makes a vector with these labels, registers it with [metric.DefaultRegisterer] and returns
// a Counter for it. It panics if the registration fails.
func NewCounterFrom(o metric.CounterOpts, labelNames []string, opts ...Option) *Counter {
	v := metric.NewCounterVec(o, labelNames)
	metric.MustRegister(v)
	return newCounter(v, labelNames, opts)
}

// RegisterCounter makes a vector with these labels, registers it with reg and returns a Counter for it. If
// an equal vector is already registered, RegisterCounter uses that one; see [metric.GetOrRegister].
func RegisterCounter(reg metric.Registerer, o metric.CounterOpts, labelNames []string, opts ...Option) (*Counter, error) {
	v, err := metric.GetOrRegister(reg, metric.NewCounterVec(o, labelNames))
	if err != nil {
		return nil, err
	}
	return newCounter(v, labelNames, opts), nil
}

func newCounter(v *metric.CounterVec, names []string, opts []Option) *Counter {
	byValues := func(values ...string) (metric.Counter, error) { return v.GetMetricWithLabelValues(values...) }
	byName := func(labels metric.Labels) (metric.Counter, error) { return v.GetMetricWith(labels) }
	return &Counter{series[metric.Counter]{family: newFamily(byValues, byName, names, opts)}}
}

// With returns a Counter that has additional labels, given as alternating names and values.
func (c *Counter) With(labelValues ...string) metrics.Counter {
	child := new(Counter)
	child.s.init(&c.s, labelValues)
	return child
}

// Add adds delta. If the vector has other labels, or delta is negative, NaN or infinite, Add reports an
// error and changes nothing; see [OnError].
func (c *Counter) Add(delta float64) {
	m, ok := c.s.get()
	switch {
	case !ok:
	case !(delta >= 0 && delta <= math.MaxFloat64):
		c.s.refuse(m, delta, "a counter takes only finite numbers that are not negative")
	default:
		m.Add(delta)
	}
}
