// Package promauto creates instruments that are already registered. It takes the place of client_golang's
// package of the same name.
//
// The package-level functions register with [metric.DefaultRegisterer] as it is at the time of the call.
// The methods of a [Factory] register with the Registerer that was passed to [With]:
//
//	var requests = promauto.NewCounterVec(metric.CounterOpts{
//		Name: "requests_total",
//		Help: "Requests by status code.",
//	}, []string{"code"})
//
//	var depth = promauto.With(reg).NewGauge(metric.GaugeOpts{Name: "queue_depth"})
//
// All functions and methods panic if the instrument cannot be registered, for example because its name is
// taken. Use them only while the program is initialized. They are safe for concurrent use.
package promauto

import "github.com/luxfi/metric"

// NewCounter creates a counter, as [metric.NewCounter] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewCounter(opts metric.CounterOpts) metric.ReadableCounter {
	return With(metric.DefaultRegisterer).NewCounter(opts)
}

// NewCounterVec creates a vector, as [metric.NewCounterVec] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewCounterVec(opts metric.CounterOpts, labelNames []string) *metric.CounterVec {
	return With(metric.DefaultRegisterer).NewCounterVec(opts, labelNames)
}

// NewCounterFunc creates a counter, as [metric.NewCounterFunc] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewCounterFunc(opts metric.CounterOpts, function func() float64) metric.CounterFunc {
	return With(metric.DefaultRegisterer).NewCounterFunc(opts, function)
}

// NewGauge creates a gauge, as [metric.NewGauge] does, and registers it with [metric.DefaultRegisterer]. It
// panics if the registration fails.
func NewGauge(opts metric.GaugeOpts) metric.ReadableGauge {
	return With(metric.DefaultRegisterer).NewGauge(opts)
}

// NewGaugeVec creates a vector, as [metric.NewGaugeVec] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewGaugeVec(opts metric.GaugeOpts, labelNames []string) *metric.GaugeVec {
	return With(metric.DefaultRegisterer).NewGaugeVec(opts, labelNames)
}

// NewGaugeFunc creates a gauge, as [metric.NewGaugeFunc] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewGaugeFunc(opts metric.GaugeOpts, function func() float64) metric.GaugeFunc {
	return With(metric.DefaultRegisterer).NewGaugeFunc(opts, function)
}

// NewSummary creates a summary, as [metric.NewSummary] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewSummary(opts metric.SummaryOpts) metric.Summary {
	return With(metric.DefaultRegisterer).NewSummary(opts)
}

// NewSummaryVec creates a vector, as [metric.NewSummaryVec] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewSummaryVec(opts metric.SummaryOpts, labelNames []string) *metric.SummaryVec {
	return With(metric.DefaultRegisterer).NewSummaryVec(opts, labelNames)
}

// NewHistogram creates a histogram, as [metric.NewHistogram] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewHistogram(opts metric.HistogramOpts) metric.Histogram {
	return With(metric.DefaultRegisterer).NewHistogram(opts)
}

// NewHistogramVec creates a vector, as [metric.NewHistogramVec] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewHistogramVec(opts metric.HistogramOpts, labelNames []string) *metric.HistogramVec {
	return With(metric.DefaultRegisterer).NewHistogramVec(opts, labelNames)
}

// NewUntypedFunc creates a metric, as [metric.NewUntypedFunc] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewUntypedFunc(opts metric.UntypedOpts, function func() float64) metric.UntypedFunc {
	return With(metric.DefaultRegisterer).NewUntypedFunc(opts, function)
}

// NewInfo creates an info, as [metric.NewInfo] does, and registers it with [metric.DefaultRegisterer]. It
// panics if the registration fails.
func NewInfo(opts metric.InfoOpts, labels metric.Labels) metric.Info {
	return With(metric.DefaultRegisterer).NewInfo(opts, labels)
}

// NewInfoVec creates a vector, as [metric.NewInfoVec] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewInfoVec(opts metric.InfoOpts, labelNames, infoLabels []string) *metric.InfoVec {
	return With(metric.DefaultRegisterer).NewInfoVec(opts, labelNames, infoLabels)
}

// NewStateSet creates a state set, as [metric.NewStateSet] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewStateSet(opts metric.StateSetOpts) metric.StateSet {
	return With(metric.DefaultRegisterer).NewStateSet(opts)
}

// NewStateSetVec creates a vector, as [metric.NewStateSetVec] does, and registers it with
// [metric.DefaultRegisterer]. It panics if the registration fails.
func NewStateSetVec(opts metric.StateSetOpts, labelNames []string) *metric.StateSetVec {
	return With(metric.DefaultRegisterer).NewStateSetVec(opts, labelNames)
}
