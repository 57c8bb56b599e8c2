package metric

import (
	"context"

	"github.com/luxfi/metric/internal/instrument"
)

// NewNoOp returns Metrics whose instruments are registered nowhere and exposed nowhere, for
// tests and for programs that have metrics switched off.
//
// The instruments take everything, also what real ones panic at, and check nothing. They do
// not allocate, except for the first series of their labels, and are safe for concurrent use.
// To register them, with whatever registry and however often, is harmless: they describe and
// collect nothing. Registry returns a NoOpRegistry.
//
// They remember what they are told, so that a test can read it: counters and gauges by Get,
// histograms and summaries by Write, without exemplars and quantiles. A name that is asked for
// again is the same instrument, whose labels and buckets are those that it was made with. What
// a real instrument panics at, such as a negative Add, changes nothing.
//
// Memory is bounded. A vector remembers 1000 series, and Metrics remember 1000 instruments of
// each kind. Beyond that, series and instruments are still handed out; a series then does
// nothing and reads as zero, and an instrument is a new one each time. The same holds for
// series whose label values do not fit their labels.
func NewNoOp() Metrics { return &noOpMetrics{} }

// NewNoOpMetrics is NewNoOp for where New stood: the namespace is not used.
func NewNoOpMetrics(_ string) Metrics { return NewNoOp() }

// NewNoOpFactory returns a Factory of Metrics as NewNoOp makes them. New returns the same
// Metrics whenever it gets the same namespace, so that a test that has set the factory can
// read what the program under test has counted. NewWithRegistry returns new ones, and leaves
// the registerers that it is given alone.
func NewNoOpFactory() Factory { return &noOpFactory{} }

type noOpFactory struct{ made instrument.Memory[string] }

func (f *noOpFactory) New(namespace string) Metrics {
	return instrument.Remember(&f.made, namespace, NewNoOp)
}
func (*noOpFactory) NewWithRegistry(string, Registerer) Metrics { return NewNoOp() }

// noOpMetrics implements Metrics.
type noOpMetrics struct {
	noOpStates

	counters, counterVecs, gauges, gaugeVecs, histograms, histogramVecs, summaries, summaryVecs instrument.Memory[string]
}

func (m *noOpMetrics) NewCounter(name, _ string) ReadableCounter {
	return instrument.Remember(&m.counters, name, instrument.NewNoOpCounter)
}

func (m *noOpMetrics) NewCounterVec(name, _ string, labelNames []string) *CounterVec {
	return instrument.Remember(&m.counterVecs, name, func() *CounterVec {
		return &CounterVec{MetricVec: &MetricVec{instrument.NewNoOpCounters(labelNames)}}
	})
}

func (m *noOpMetrics) NewGauge(name, _ string) ReadableGauge {
	return instrument.Remember(&m.gauges, name, instrument.NewNoOpGauge)
}

func (m *noOpMetrics) NewGaugeVec(name, _ string, labelNames []string) *GaugeVec {
	return instrument.Remember(&m.gaugeVecs, name, func() *GaugeVec {
		return &GaugeVec{MetricVec: &MetricVec{instrument.NewNoOpGauges(labelNames)}}
	})
}

func (m *noOpMetrics) NewHistogram(name, _ string, buckets []float64) Histogram {
	return instrument.Remember(&m.histograms, name, func() Histogram { return instrument.NewNoOpHistogram(buckets) })
}

func (m *noOpMetrics) NewHistogramVec(name, _ string, labelNames []string, buckets []float64) *HistogramVec {
	return instrument.Remember(&m.histogramVecs, name, func() *HistogramVec {
		return &HistogramVec{MetricVec: &MetricVec{instrument.NewNoOpHistograms(labelNames, buckets)}}
	})
}

func (m *noOpMetrics) NewSummary(name, _ string, _ map[float64]float64) Summary {
	return instrument.Remember(&m.summaries, name, instrument.NewNoOpSummary)
}

func (m *noOpMetrics) NewSummaryVec(name, _ string, labelNames []string, _ map[float64]float64) *SummaryVec {
	return instrument.Remember(&m.summaryVecs, name, func() *SummaryVec {
		return &SummaryVec{MetricVec: &MetricVec{instrument.NewNoOpSummaries(labelNames)}}
	})
}

func (*noOpMetrics) Registry() Registerer { return NewNoOpRegistry() }

// NoOpRegistry is a Registerer that accepts every collector, and a GathererWithContext
// that gathers nothing. It never calls a collector. The zero value is ready to use; it
// is safe for concurrent use.
type NoOpRegistry struct{}

// NewNoOpRegistry returns a NoOpRegistry.
func NewNoOpRegistry() *NoOpRegistry { return &NoOpRegistry{} }

// Register implements Registerer. It returns nil.
func (*NoOpRegistry) Register(Collector) error { return nil }

// RegisterWith returns nil.
func (*NoOpRegistry) RegisterWith(Collector, ...CollectorOption) error { return nil }

// MustRegister implements Registerer. It does not panic.
func (*NoOpRegistry) MustRegister(...Collector) {}

// Unregister implements Registerer. It returns true, as if the collector had been
// registered, so that code which insists on that goes on.
func (*NoOpRegistry) Unregister(Collector) bool { return true }

// Gather implements Gatherer. It returns nothing.
func (*NoOpRegistry) Gather() ([]*MetricFamily, error) { return nil, nil }

// GatherWithContext implements GathererWithContext. It returns nothing, and no error
// either if ctx is done: nothing is missing.
func (*NoOpRegistry) GatherWithContext(context.Context) ([]*MetricFamily, error) { return nil, nil }
