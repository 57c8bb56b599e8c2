// Package promauto makes instruments that are registered already: it takes the place
// of client_golang's package of that name.
//
// The functions of the package register with metric.DefaultRegisterer, as it is when
// they are called; the methods of a Factory with the Registerer that it was made
// with:
//
//	var requests = promauto.NewCounterVec(metric.CounterOpts{
//		Name: "requests_total",
//		Help: "Requests by status code.",
//	}, []string{"code"})
//
//	var depth = promauto.With(reg).NewGauge(metric.GaugeOpts{Name: "queue_depth"})
//
// All of them panic if the instrument cannot be registered, for example because its
// name is taken: use them only where a program is initialised. All of them are safe
// for concurrent use.
package promauto

import "github.com/luxfi/metric"

// NewCounter is metric.NewCounter; it registers the counter with
// metric.DefaultRegisterer, and panics if that fails.
func NewCounter(opts metric.CounterOpts) metric.ReadableCounter {
	return With(metric.DefaultRegisterer).NewCounter(opts)
}

// NewCounterVec is metric.NewCounterVec; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewCounterVec(opts metric.CounterOpts, labelNames []string) *metric.CounterVec {
	return With(metric.DefaultRegisterer).NewCounterVec(opts, labelNames)
}

// NewCounterFunc is metric.NewCounterFunc; it registers the counter with
// metric.DefaultRegisterer, and panics if that fails.
func NewCounterFunc(opts metric.CounterOpts, function func() float64) metric.CounterFunc {
	return With(metric.DefaultRegisterer).NewCounterFunc(opts, function)
}

// NewGauge is metric.NewGauge; it registers the gauge with metric.DefaultRegisterer,
// and panics if that fails.
func NewGauge(opts metric.GaugeOpts) metric.ReadableGauge {
	return With(metric.DefaultRegisterer).NewGauge(opts)
}

// NewGaugeVec is metric.NewGaugeVec; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewGaugeVec(opts metric.GaugeOpts, labelNames []string) *metric.GaugeVec {
	return With(metric.DefaultRegisterer).NewGaugeVec(opts, labelNames)
}

// NewGaugeFunc is metric.NewGaugeFunc; it registers the gauge with
// metric.DefaultRegisterer, and panics if that fails.
func NewGaugeFunc(opts metric.GaugeOpts, function func() float64) metric.GaugeFunc {
	return With(metric.DefaultRegisterer).NewGaugeFunc(opts, function)
}

// NewSummary is metric.NewSummary; it registers the summary with
// metric.DefaultRegisterer, and panics if that fails.
func NewSummary(opts metric.SummaryOpts) metric.Summary {
	return With(metric.DefaultRegisterer).NewSummary(opts)
}

// NewSummaryVec is metric.NewSummaryVec; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewSummaryVec(opts metric.SummaryOpts, labelNames []string) *metric.SummaryVec {
	return With(metric.DefaultRegisterer).NewSummaryVec(opts, labelNames)
}

// NewHistogram is metric.NewHistogram; it registers the histogram with
// metric.DefaultRegisterer, and panics if that fails.
func NewHistogram(opts metric.HistogramOpts) metric.Histogram {
	return With(metric.DefaultRegisterer).NewHistogram(opts)
}

// NewHistogramVec is metric.NewHistogramVec; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewHistogramVec(opts metric.HistogramOpts, labelNames []string) *metric.HistogramVec {
	return With(metric.DefaultRegisterer).NewHistogramVec(opts, labelNames)
}

// NewUntypedFunc is metric.NewUntypedFunc; it registers the metric with
// metric.DefaultRegisterer, and panics if that fails.
func NewUntypedFunc(opts metric.UntypedOpts, function func() float64) metric.UntypedFunc {
	return With(metric.DefaultRegisterer).NewUntypedFunc(opts, function)
}

// NewInfo is metric.NewInfo; it registers the info with metric.DefaultRegisterer, and
// panics if that fails.
func NewInfo(opts metric.InfoOpts, labels metric.Labels) metric.Info {
	return With(metric.DefaultRegisterer).NewInfo(opts, labels)
}

// NewInfoVec is metric.NewInfoVec; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewInfoVec(opts metric.InfoOpts, labelNames, infoLabels []string) *metric.InfoVec {
	return With(metric.DefaultRegisterer).NewInfoVec(opts, labelNames, infoLabels)
}

// NewStateSet is metric.NewStateSet; it registers the state set with
// metric.DefaultRegisterer, and panics if that fails.
func NewStateSet(opts metric.StateSetOpts) metric.StateSet {
	return With(metric.DefaultRegisterer).NewStateSet(opts)
}

// NewStateSetVec is metric.NewStateSetVec; it registers the vector with
// metric.DefaultRegisterer, and panics if that fails.
func NewStateSetVec(opts metric.StateSetOpts, labelNames []string) *metric.StateSetVec {
	return With(metric.DefaultRegisterer).NewStateSetVec(opts, labelNames)
}
