package promauto

import "github.com/luxfi/metric"

// NewCounterVecOf is metric.NewCounterVecOf; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewCounterVecOf[L any](opts metric.CounterOpts) *metric.CounterVecOf[L] {
	return NewCounterVecOfWith[L](With(metric.DefaultRegisterer), opts)
}

// NewCounterVecOfWith is what a method of f would be, if methods could have type parameters: it is
// metric.NewCounterVecOf, registers the vector as f does, and panics if that fails.
func NewCounterVecOfWith[L any](f Factory, opts metric.CounterOpts) *metric.CounterVecOf[L] {
	return register(f, metric.NewCounterVecOf[L](opts))
}

// NewGaugeVecOf is metric.NewGaugeVecOf; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewGaugeVecOf[L any](opts metric.GaugeOpts) *metric.GaugeVecOf[L] {
	return NewGaugeVecOfWith[L](With(metric.DefaultRegisterer), opts)
}

// NewGaugeVecOfWith is what a method of f would be, if methods could have type parameters: it is
// metric.NewGaugeVecOf, registers the vector as f does, and panics if that fails.
func NewGaugeVecOfWith[L any](f Factory, opts metric.GaugeOpts) *metric.GaugeVecOf[L] {
	return register(f, metric.NewGaugeVecOf[L](opts))
}

// NewHistogramVecOf is metric.NewHistogramVecOf; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewHistogramVecOf[L any](opts metric.HistogramOpts) *metric.HistogramVecOf[L] {
	return NewHistogramVecOfWith[L](With(metric.DefaultRegisterer), opts)
}

// NewHistogramVecOfWith is what a method of f would be, if methods could have type parameters: it is
// metric.NewHistogramVecOf, registers the vector as f does, and panics if that fails.
func NewHistogramVecOfWith[L any](f Factory, opts metric.HistogramOpts) *metric.HistogramVecOf[L] {
	return register(f, metric.NewHistogramVecOf[L](opts))
}

// NewSummaryVecOf is metric.NewSummaryVecOf; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewSummaryVecOf[L any](opts metric.SummaryOpts) *metric.SummaryVecOf[L] {
	return NewSummaryVecOfWith[L](With(metric.DefaultRegisterer), opts)
}

// NewSummaryVecOfWith is what a method of f would be, if methods could have type parameters: it is
// metric.NewSummaryVecOf, registers the vector as f does, and panics if that fails.
func NewSummaryVecOfWith[L any](f Factory, opts metric.SummaryOpts) *metric.SummaryVecOf[L] {
	return register(f, metric.NewSummaryVecOf[L](opts))
}
