package metric

import (
	"fmt"
	"slices"

	"github.com/luxfi/metric/internal/instrument"
)

// NewPrometheusFactory returns the [Factory] that [New] and [NewWithRegistry] use unless
// [SetFactory] has set another one. It makes the instruments of this package.
func NewPrometheusFactory() Factory { return prometheusFactory{} }

type prometheusFactory struct{}

func (f prometheusFactory) New(namespace string) Metrics {
	return f.NewWithRegistry(namespace, DefaultRegisterer)
}

func (prometheusFactory) NewWithRegistry(namespace string, reg Registerer) Metrics {
	if reg == nil {
		reg = NewContextRegistry()
	}
	return &prometheusMetrics{namespace, reg}
}

// prometheusMetrics implements [Metrics]. It does not remember names. Only the registerer knows
// them, so that all users of the registerer see the same ones.
type prometheusMetrics struct {
	namespace  string
	registerer Registerer
}

func (m *prometheusMetrics) Registry() Registerer { return m.registerer }

func (m *prometheusMetrics) NewCounter(name, help string) ReadableCounter {
	return register(m, name, func() ReadableCounter {
		return NewCounter(CounterOpts{Namespace: m.namespace, Name: name, Help: help})
	})
}

func (m *prometheusMetrics) NewCounterVec(name, help string, labelNames []string) *CounterVec {
	return register(m, name, func() *CounterVec {
		return NewCounterVec(CounterOpts{Namespace: m.namespace, Name: name, Help: help}, slices.Clone(labelNames))
	})
}

func (m *prometheusMetrics) NewGauge(name, help string) ReadableGauge {
	return register(m, name, func() ReadableGauge {
		return NewGauge(GaugeOpts{Namespace: m.namespace, Name: name, Help: help})
	})
}

func (m *prometheusMetrics) NewGaugeVec(name, help string, labelNames []string) *GaugeVec {
	return register(m, name, func() *GaugeVec {
		return NewGaugeVec(GaugeOpts{Namespace: m.namespace, Name: name, Help: help}, slices.Clone(labelNames))
	})
}

func (m *prometheusMetrics) NewHistogram(name, help string, buckets []float64) Histogram {
	return register(m, name, func() Histogram {
		return NewHistogram(HistogramOpts{Namespace: m.namespace, Name: name, Help: help, Buckets: buckets})
	})
}

func (m *prometheusMetrics) NewHistogramVec(name, help string, labelNames []string, buckets []float64) *HistogramVec {
	return register(m, name, func() *HistogramVec {
		return NewHistogramVec(HistogramOpts{Namespace: m.namespace, Name: name, Help: help, Buckets: buckets},
			slices.Clone(labelNames))
	})
}

func (m *prometheusMetrics) NewSummary(name, help string, objectives map[float64]float64) Summary {
	return register(m, name, func() Summary {
		return NewSummary(SummaryOpts{Namespace: m.namespace, Name: name, Help: help, Objectives: objectives})
	})
}

func (m *prometheusMetrics) NewSummaryVec(name, help string, labelNames []string, objectives map[float64]float64) *SummaryVec {
	return register(m, name, func() *SummaryVec {
		return NewSummaryVec(SummaryOpts{Namespace: m.namespace, Name: name, Help: help, Objectives: objectives},
			slices.Clone(labelNames))
	})
}

// register registers the instrument that build makes, or returns the existing one of the same
// shape. Of several concurrent calls, the registerer decides which is first.
func register[T Collector](m *prometheusMetrics, name string, build func() T) T {
	made := construct(fullName(m, name), build)
	err := m.registerer.Register(made)
	if err == nil {
		return made
	}
	// Instruments of equal shape are of one kind, and so of one type.
	if existing, ok := existingIn(err).(T); ok && slices.Equal(instrument.ShapeOf(existing), instrument.ShapeOf(made)) {
		return existing
	}
	panic(conflict(m.registerer, made, err))
}

// fullName returns the name with the namespace before it. It panics if the name is empty.
func fullName(m *prometheusMetrics, name string) string {
	if name == "" {
		panic(fmt.Errorf("metric: cannot make an instrument without a name in namespace %q", m.namespace))
	}
	return BuildFQName(m.namespace, "", name)
}

// construct calls build. If the options are not valid, it panics with an error that names the
// metric.
func construct[T Collector](fullName string, build func() T) T {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			panic(fmt.Errorf("metric: cannot make %q: %w", fullName, r))
		default:
			panic(fmt.Errorf("metric: cannot make %q: %v", fullName, r))
		}
	}()
	made := build()
	if err := instrument.DescOf(made).Err(); err != nil {
		panic(err)
	}
	return made
}
