package promauto

import "github.com/luxfi/metric"

// NewCounterVecOf creates a vector, as [metric.NewCounterVecOf] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewCounterVecOf[L any](opts metric.CounterOpts) *metric.CounterVecOf[L] {
	return NewCounterVecOfWith[L](With(metric.DefaultRegisterer), opts)
}

// NewCounterVecOfWith creates a vector, as [metric.NewCounterVecOf] does, and registers it with the
// Registerer of f. It panics if the registration fails. It stands in for a method of f, because methods
// cannot have type parameters.
func NewCounterVecOfWith[L any](f Factory, opts metric.CounterOpts) *metric.CounterVecOf[L] {
	return register(f, metric.NewCounterVecOf[L](opts))
}

// NewGaugeVecOf creates a vector, as [metric.NewGaugeVecOf] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewGaugeVecOf[L any](opts metric.GaugeOpts) *metric.GaugeVecOf[L] {
	return NewGaugeVecOfWith[L](With(metric.DefaultRegisterer), opts)
}

// NewGaugeVecOfWith creates a vector, as [metric.NewGaugeVecOf] does, and registers it with the Registerer
// of f. It panics if the registration fails. It stands in for a method of f, because methods cannot have
// type parameters.
func NewGaugeVecOfWith[L any](f Factory, opts metric.GaugeOpts) *metric.GaugeVecOf[L] {
	return register(f, metric.NewGaugeVecOf[L](opts))
}

// NewHistogramVecOf creates a vector, as [metric.NewHistogramVecOf] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewHistogramVecOf[L any](opts metric.HistogramOpts) *metric.HistogramVecOf[L] {
	return NewHistogramVecOfWith[L](With(metric.DefaultRegisterer), opts)
}

// NewHistogramVecOfWith creates a vector, as [metric.NewHistogramVecOf] does, and registers it with the
// Registerer of f. It panics if the registration fails. It stands in for a method of f, because methods
// cannot have type parameters.
func NewHistogramVecOfWith[L any](f Factory, opts metric.HistogramOpts) *metric.HistogramVecOf[L] {
	return register(f, metric.NewHistogramVecOf[L](opts))
}

// NewSummaryVecOf creates a vector, as [metric.NewSummaryVecOf] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewSummaryVecOf[L any](opts metric.SummaryOpts) *metric.SummaryVecOf[L] {
	return NewSummaryVecOfWith[L](With(metric.DefaultRegisterer), opts)
}

// NewSummaryVecOfWith creates a vector, as [metric.NewSummaryVecOf] does, and registers it with the
// Registerer of f. It panics if the registration fails. It stands in for a method of f, because methods
// cannot have type parameters.
func NewSummaryVecOfWith[L any](f Factory, opts metric.SummaryOpts) *metric.SummaryVecOf[L] {
	return register(f, metric.NewSummaryVecOf[L](opts))
}
