package gokit

import (
	"math"

	"github.com/go-kit/kit/metrics"

	"github.com/luxfi/metric"
)

// Histogram is a go-kit Histogram that updates histograms with classic or native buckets. It is safe for
// concurrent use.
type Histogram struct{ s series[metric.Observer] }

var _ metrics.Histogram = (*Histogram)(nil)

// NewHistogram returns a Histogram for the series of v. The caller must register v.
func NewHistogram(v *metric.HistogramVec, opts ...Option) *Histogram {
	return newHistogram(v, nil, opts)
}

// NewHistogramFrom makes a vector with these labels, registers it with [metric.DefaultRegisterer] and
// returns a Histogram for it. It panics if the options are invalid or the registration fails.
func NewHistogramFrom(o metric.HistogramOpts, labelNames []string, opts ...Option) *Histogram {
	v := metric.NewHistogramVec(o, labelNames)
	metric.MustRegister(v)
	return newHistogram(v, labelNames, opts)
}

// RegisterHistogram makes a vector with these labels, registers it with reg and returns a Histogram for it.
// If an equal vector is already registered, RegisterHistogram uses that one; see [metric.GetOrRegister].
// Like [metric.NewHistogramVec], it panics if the buckets are invalid.
func RegisterHistogram(reg metric.Registerer, o metric.HistogramOpts, labelNames []string, opts ...Option) (*Histogram, error) {
	v, err := metric.GetOrRegister(reg, metric.NewHistogramVec(o, labelNames))
	if err != nil {
		return nil, err
	}
	return newHistogram(v, labelNames, opts), nil
}

func newHistogram(v *metric.HistogramVec, names []string, opts []Option) *Histogram {
	return &Histogram{series[metric.Observer]{family: newFamily(v.GetMetricWithLabelValues, v.GetMetricWith, names, opts)}}
}

// With returns a Histogram that has additional labels, given as alternating names and values.
func (h *Histogram) With(labelValues ...string) metrics.Histogram {
	child := new(Histogram)
	child.s.init(&h.s, labelValues)
	return child
}

// Observe adds one observation. If the vector has other labels, or value is NaN or infinite, Observe
// reports an error and changes nothing; see [OnError].
func (h *Histogram) Observe(value float64) { observe(&h.s, value) }

func observe(s *series[metric.Observer], value float64) {
	m, ok := s.get()
	switch {
	case !ok:
	case !(math.Abs(value) <= math.MaxFloat64):
		s.refuse(m, value, "it would make the sum of the observations useless")
	default:
		m.Observe(value)
	}
}
