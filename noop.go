package metric

import (
	"context"

	"github.com/luxfi/metric/internal/instrument"
)

// NewNoOp returns [Metrics] whose instruments are neither registered nor exposed. It is for tests
// and for programs whose metrics are switched off.
//
// The instruments check nothing, and accept calls for which real ones panic. They do not allocate,
// except for the first series of their labels, and are safe for concurrent use. Registering them,
// with any registry and any number of times, is harmless: they describe and collect nothing.
// Registry returns a [NoOpRegistry].
//
// The instruments remember their values, so that a test can read them: counters and gauges by Get,
// histograms and summaries by Write, without exemplars and quantiles. Asking for a name again
// returns the same instrument, with the labels and buckets of the first call. A call for which a
// real instrument panics, such as a negative Add, changes nothing.
//
// Memory is bounded. A vector remembers 1000 series, and Metrics remember 1000 instruments of each
// kind. Beyond that, a series does nothing and reads as zero, and an instrument is a new one each
// time it is asked for. A series whose label values do not fit the labels also does nothing.
func NewNoOp() Metrics { return &noOpMetrics{} }

// NewNoOpMetrics is like [NewNoOp], but takes a namespace and ignores it. It can take the place of
// [New] in a call.
func NewNoOpMetrics(_ string) Metrics { return NewNoOp() }

// NewNoOpFactory returns a [Factory] that makes Metrics like [NewNoOp]. Its New returns the same
// Metrics for the same namespace, so that a test that has set the factory can read what the program
// under test has counted. Its NewWithRegistry returns new Metrics each time, and registers nothing
// with the Registerer it is given.
func NewNoOpFactory() Factory { return &noOpFactory{} }

type noOpFactory struct{ made instrument.Memory[string] }

func (f *noOpFactory) New(namespace string) Metrics {
	return instrument.Remember(&f.made, namespace, NewNoOp)
}
func (*noOpFactory) NewWithRegistry(string, Registerer) Metrics { return NewNoOp() }

// noOpMetrics implements [Metrics].
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

// NoOpRegistry is a [Registerer] that accepts every collector, and a [GathererWithContext] that
// gathers nothing. It never calls a collector. The zero value is ready to use and safe for
// concurrent use.
type NoOpRegistry struct{}

// NewNoOpRegistry returns a [NoOpRegistry].
func NewNoOpRegistry() *NoOpRegistry { return &NoOpRegistry{} }

// Register implements [Registerer]. It returns nil.
func (*NoOpRegistry) Register(Collector) error { return nil }

// RegisterWith returns nil.
func (*NoOpRegistry) RegisterWith(Collector, ...CollectorOption) error { return nil }

// MustRegister implements [Registerer]. It never panics.
func (*NoOpRegistry) MustRegister(...Collector) {}

// Unregister implements [Registerer]. It returns true, as if the collector had been registered, for
// code that insists on that.
func (*NoOpRegistry) Unregister(Collector) bool { return true }

// Gather implements [Gatherer]. It returns nothing.
func (*NoOpRegistry) Gather() ([]*MetricFamily, error) { return nil, nil }

// GatherWithContext implements [GathererWithContext]. It returns neither families nor an error,
// even if ctx is done, because nothing is missing.
func (*NoOpRegistry) GatherWithContext(context.Context) ([]*MetricFamily, error) { return nil, nil }
