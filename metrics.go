package metric

import "sync/atomic"

// Metrics makes instruments whose names begin with a namespace, and registers them with one
// [Registerer]. [New] and [NewWithRegistry] return Metrics.
//
// A program may ask for a name more than once. If kind, help, label names and their order, buckets
// and objectives are the same, it gets the same instrument, also through another Metrics on the
// same registerer, and from several goroutines at once. It also gets an instrument of this package
// that was registered without Metrics. A registerer such as a [NoOpRegistry] keeps no collectors;
// with it, Metrics returns a new instrument each time.
//
// Names of metrics and labels may be any UTF-8, including spaces, though most tools work best with
// letters, digits and underscores.
//
// All New methods panic, with an error that contains the full name, if the name or a label name is
// not valid, if the name belongs to an instrument with other options, or if it belongs to another
// collector. They do not keep the slices and maps that they are given. Metrics and the instruments
// they make are safe for concurrent use.
type Metrics interface {
	// NewCounter returns the counter with that name. By convention, the name ends in _total.
	NewCounter(name, help string) ReadableCounter

	// NewCounterVec returns the vector of counters with that name, one for each combination of
	// values of the labels.
	NewCounterVec(name, help string, labelNames []string) *CounterVec

	// NewGauge returns the gauge with that name.
	NewGauge(name, help string) ReadableGauge

	// NewGaugeVec returns the vector of gauges with that name.
	NewGaugeVec(name, help string, labelNames []string) *GaugeVec

	// NewHistogram returns the histogram with that name. The buckets are inclusive upper bounds. It
	// panics if they are not in increasing order. Their unit is the unit of the observations, by
	// convention seconds or bytes, and the name contains it. No buckets means DefBuckets. The
	// bucket for +Inf always exists.
	NewHistogram(name, help string, buckets []float64) Histogram

	// NewHistogramVec returns the vector of histograms with that name. No label can be called le.
	// For the buckets see NewHistogram.
	NewHistogramVec(name, help string, labelNames []string, buckets []float64) *HistogramVec

	// NewSummary returns the summary with that name. The objectives map the quantiles to estimate,
	// from 0 to 1, to the allowed error: 0.9: 0.01 means a value between the quantiles 0.89 and
	// 0.91. The quantiles describe the last ten minutes. A summary without objectives has only the
	// count and the sum.
	NewSummary(name, help string, objectives map[float64]float64) Summary

	// NewSummaryVec returns the vector of summaries with that name. No label can be called
	// quantile. For the objectives see NewSummary.
	NewSummaryVec(name, help string, labelNames []string, objectives map[float64]float64) *SummaryVec

	// Registry returns the Registerer of the instruments, which is never nil. Programs register
	// their own collectors with it. It does not prefix their names with the namespace.
	Registry() Registerer
}

// Factory makes Metrics; see [SetFactory]. Implementations must be safe for concurrent use.
type Factory interface {
	// New returns Metrics on the default registerer; see the function [New].
	New(namespace string) Metrics

	// NewWithRegistry returns Metrics on reg. reg may be nil; see the function [NewWithRegistry].
	NewWithRegistry(namespace string, reg Registerer) Metrics
}

// New returns Metrics on the current [DefaultRegisterer]. [Handler] serves what they make. The
// namespace and an underscore come before each name. The namespace may be empty. New is what a
// library or main package needs, unless it has a registry of its own.
//
// A namespace may have spaces and any other characters that are valid UTF-8, as names may.
func New(namespace string, opts ...MetricsOption) Metrics {
	c := metricsConfigOf(opts)
	if len(c.labels) == 0 {
		return currentFactory().New(namespace)
	}
	return currentFactory().NewWithRegistry(namespace, c.around(DefaultRegisterer))
}

// NewWithRegistry returns Metrics on reg; see [New] for the namespace. If reg is nil, the Metrics
// have a new registry of their own, which their Registry method returns. The program must serve it
// itself.
//
// To apply policies to functions and to the collectors that are registered with Registry, pass the
// result of [RegistererWith] as reg.
func NewWithRegistry(namespace string, reg Registerer, opts ...MetricsOption) Metrics {
	c := metricsConfigOf(opts)
	if len(c.labels) > 0 {
		if reg == nil {
			reg = NewContextRegistry()
		}
		reg = c.around(reg)
	}
	return currentFactory().NewWithRegistry(namespace, reg)
}

// factory is nil unless the program has set one.
var factory atomic.Pointer[Factory]

// SetFactory sets the factory that [New] and [NewWithRegistry] use from now on. Existing Metrics do
// not change. A nil factory restores the original one, which [NewPrometheusFactory] returns. A
// program whose metrics are switched off sets [NewNoOpFactory], before anything else calls New.
// SetFactory is safe for concurrent use.
func SetFactory(f Factory) {
	if f == nil {
		factory.Store(nil)
		return
	}
	factory.Store(&f)
}

func currentFactory() Factory {
	if f := factory.Load(); f != nil {
		return *f
	}
	return NewPrometheusFactory()
}
