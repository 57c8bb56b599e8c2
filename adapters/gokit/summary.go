package gokit

import (
	"github.com/go-kit/kit/metrics"

	"github.com/luxfi/metric"
)

// Summary is a go-kit Histogram that updates summaries. It is safe for concurrent use.
type Summary struct{ s series[metric.Observer] }

var _ metrics.Histogram = (*Summary)(nil)

// NewSummary returns a Summary for the series of v. The caller must register v.
func NewSummary(v *metric.SummaryVec, opts ...Option) *Summary { return newSummary(v, nil, opts) }

// NewSummaryFrom makes a vector with these labels, registers it with [metric.DefaultRegisterer] and returns
// a Summary for it. It panics if the options are invalid or the registration fails.
func NewSummaryFrom(o metric.SummaryOpts, labelNames []string, opts ...Option) *Summary {
	v := metric.NewSummaryVec(o, labelNames)
	metric.MustRegister(v)
	return newSummary(v, labelNames, opts)
}

// RegisterSummary makes a vector with these labels, registers it with reg and returns a Summary for it. If
// an equal vector is already registered, RegisterSummary uses that one; see [metric.GetOrRegister]. Like
// [metric.NewSummaryVec], it panics if the objectives are invalid.
func RegisterSummary(reg metric.Registerer, o metric.SummaryOpts, labelNames []string, opts ...Option) (*Summary, error) {
	v, err := metric.GetOrRegister(reg, metric.NewSummaryVec(o, labelNames))
	if err != nil {
		return nil, err
	}
	return newSummary(v, labelNames, opts), nil
}

func newSummary(v *metric.SummaryVec, names []string, opts []Option) *Summary {
	return &Summary{series[metric.Observer]{family: newFamily(v.GetMetricWithLabelValues, v.GetMetricWith, names, opts)}}
}

// With returns a Summary that has additional labels, given as alternating names and values.
func (s *Summary) With(labelValues ...string) metrics.Histogram {
	child := new(Summary)
	child.s.init(&s.s, labelValues)
	return child
}

// Observe adds one observation. If the vector has other labels, or value is NaN or infinite, Observe
// reports an error and changes nothing; see [OnError].
func (s *Summary) Observe(value float64) { observe(&s.s, value) }
