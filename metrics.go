package metric

import "sync/atomic"

// Metrics makes instruments whose names begin with a namespace, and registers them
// with one Registerer. Get one from New or NewWithRegistry.
//
// A name may be asked for more than once. If kind, help, label names and their order,
// buckets and objectives are the same, it is the same instrument, also through another
// Metrics on the same registerer, and from several goroutines at once. An instrument
// of this package that was registered without Metrics is found likewise. That takes a
// registerer that remembers: one that only pretends, like NoOpRegistry, makes Metrics
// return a new instrument each time.
//
// Names of metrics and labels may be any UTF-8, blanks included, though most tools are happier
// with letters, digits and underscores.
//
// All New methods panic, with an error that tells the full name, if the name or a
// label name is not valid, if the name was asked for with another shape before, or if
// something else has the name. They do not keep the slices and maps that they are
// given. Metrics are safe for concurrent use, and so is what they make.
type Metrics interface {
	// NewCounter returns the counter of that name. By convention it ends in _total.
	NewCounter(name, help string) ReadableCounter

	// NewCounterVec returns the counters of that name, one for each combination of
	// values of the labels.
	NewCounterVec(name, help string, labelNames []string) *CounterVec

	// NewGauge returns the gauge of that name.
	NewGauge(name, help string) ReadableGauge

	// NewGaugeVec returns the gauges of that name.
	NewGaugeVec(name, help string, labelNames []string) *GaugeVec

	// NewHistogram returns the histogram of that name. The buckets are upper bounds,
	// inclusive and in increasing order; it panics if they are not. Their unit is that
	// of the observations; by convention seconds or bytes, and told by the name. None
	// means DefBuckets; the one for +Inf is always there.
	NewHistogram(name, help string, buckets []float64) Histogram

	// NewHistogramVec returns the histograms of that name. A label cannot be called
	// le. For the buckets see NewHistogram.
	NewHistogramVec(name, help string, labelNames []string, buckets []float64) *HistogramVec

	// NewSummary returns the summary of that name. The objectives are the quantiles
	// that it estimates, from 0 to 1, each with the error that it may have: 0.9: 0.01
	// means a value between the quantiles 0.89 and 0.91. They are estimated over the
	// last ten minutes. With none there are only the count and the sum.
	NewSummary(name, help string, objectives map[float64]float64) Summary

	// NewSummaryVec returns the summaries of that name. A label cannot be called
	// quantile. For the objectives see NewSummary.
	NewSummaryVec(name, help string, labelNames []string, objectives map[float64]float64) *SummaryVec

	// Registry returns where the instruments are registered, never nil: for
	// collectors of one's own. The namespace is not put before their names.
	Registry() Registerer
}

// Factory makes Metrics. Implementations have to be safe for concurrent use.
type Factory interface {
	// New returns Metrics on the default registerer; see New.
	New(namespace string) Metrics

	// NewWithRegistry returns Metrics on reg, which may be nil; see NewWithRegistry.
	NewWithRegistry(namespace string, reg Registerer) Metrics
}

// New returns Metrics on what DefaultRegisterer is at this moment: Handler serves what
// they make. The namespace and an underscore come before each name; it may be empty.
// It is what a library or main package needs, unless it has a registry of its own.
//
// A namespace may have blanks and any other characters that are valid UTF-8, as names may.
func New(namespace string, opts ...MetricsOption) Metrics {
	c := metricsConfigOf(opts)
	if len(c.labels) == 0 {
		return currentFactory().New(namespace)
	}
	return currentFactory().NewWithRegistry(namespace, c.around(DefaultRegisterer))
}

// NewWithRegistry returns Metrics on reg; see New for the namespace. If reg is nil, it
// is a new registry of their own, which nobody serves: Registry returns it.
//
// For policies of functions, and of collectors that are registered with Registry, reg may be
// one of [RegistererWith].
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

// factory is nil unless one was set.
var factory atomic.Pointer[Factory]

// SetFactory sets what stands behind New and NewWithRegistry from now on; Metrics that
// exist stay what they are. Nil brings back the original, which is that of
// NewPrometheusFactory. A program that has metrics switched off sets
// NewNoOpFactory(), before anything else calls New. It is safe for concurrent use.
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
