package promauto

import "github.com/luxfi/metric"

// Factory creates instruments and registers them with the Registerer passed to [With]. The zero value
// creates instruments without registering them. A Factory is safe for concurrent use if its Registerer is.
type Factory struct{ registerer metric.Registerer }

// With returns a Factory that registers with r. r may be a Registerer of client_golang. If r is nil, the
// Factory creates instruments without registering them.
func With(r metric.Registerer) Factory { return Factory{r} }

// register registers c and returns it. It panics if the registration fails.
func register[C metric.Collector](f Factory, c C) C {
	if f.registerer != nil {
		f.registerer.MustRegister(c)
	}
	return c
}

// NewCounter creates a counter, as [metric.NewCounter] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewCounter(opts metric.CounterOpts) metric.ReadableCounter {
	return register(f, metric.NewCounter(opts))
}

// NewCounterVec creates a vector, as [metric.NewCounterVec] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewCounterVec(opts metric.CounterOpts, labelNames []string) *metric.CounterVec {
	return register(f, metric.NewCounterVec(opts, labelNames))
}

// NewCounterFunc creates a counter, as [metric.NewCounterFunc] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewCounterFunc(opts metric.CounterOpts, function func() float64) metric.CounterFunc {
	return register(f, metric.NewCounterFunc(opts, function))
}

// NewGauge creates a gauge, as [metric.NewGauge] does, and registers it with the Factory's Registerer. It
// panics if the registration fails.
func (f Factory) NewGauge(opts metric.GaugeOpts) metric.ReadableGauge {
	return register(f, metric.NewGauge(opts))
}

// NewGaugeVec creates a vector, as [metric.NewGaugeVec] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewGaugeVec(opts metric.GaugeOpts, labelNames []string) *metric.GaugeVec {
	return register(f, metric.NewGaugeVec(opts, labelNames))
}

// NewGaugeFunc creates a gauge, as [metric.NewGaugeFunc] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewGaugeFunc(opts metric.GaugeOpts, function func() float64) metric.GaugeFunc {
	return register(f, metric.NewGaugeFunc(opts, function))
}

// NewSummary creates a summary, as [metric.NewSummary] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewSummary(opts metric.SummaryOpts) metric.Summary {
	return register(f, metric.NewSummary(opts))
}

// NewSummaryVec creates a vector, as [metric.NewSummaryVec] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewSummaryVec(opts metric.SummaryOpts, labelNames []string) *metric.SummaryVec {
	return register(f, metric.NewSummaryVec(opts, labelNames))
}

// NewHistogram creates a histogram, as [metric.NewHistogram] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewHistogram(opts metric.HistogramOpts) metric.Histogram {
	return register(f, metric.NewHistogram(opts))
}

// NewHistogramVec creates a vector, as [metric.NewHistogramVec] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewHistogramVec(opts metric.HistogramOpts, labelNames []string) *metric.HistogramVec {
	return register(f, metric.NewHistogramVec(opts, labelNames))
}

// NewUntypedFunc creates a metric, as [metric.NewUntypedFunc] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewUntypedFunc(opts metric.UntypedOpts, function func() float64) metric.UntypedFunc {
	return register(f, metric.NewUntypedFunc(opts, function))
}

// NewInfo creates an info, as [metric.NewInfo] does, and registers it with the Factory's Registerer. It
// panics if the registration fails.
func (f Factory) NewInfo(opts metric.InfoOpts, labels metric.Labels) metric.Info {
	return register(f, metric.NewInfo(opts, labels))
}

// NewInfoVec creates a vector, as [metric.NewInfoVec] does, and registers it with the Factory's Registerer.
// It panics if the registration fails.
func (f Factory) NewInfoVec(opts metric.InfoOpts, labelNames, infoLabels []string) *metric.InfoVec {
	return register(f, metric.NewInfoVec(opts, labelNames, infoLabels))
}

// NewStateSet creates a state set, as [metric.NewStateSet] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewStateSet(opts metric.StateSetOpts) metric.StateSet {
	return register(f, metric.NewStateSet(opts))
}

// NewStateSetVec creates a vector, as [metric.NewStateSetVec] does, and registers it with the Factory's
// Registerer. It panics if the registration fails.
func (f Factory) NewStateSetVec(opts metric.StateSetOpts, labelNames []string) *metric.StateSetVec {
	return register(f, metric.NewStateSetVec(opts, labelNames))
}
