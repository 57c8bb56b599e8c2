package metric

import (
	"context"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/model"
)

// NewNoOp returns Metrics whose instruments do nothing, for tests and for programs
// that have metrics switched off.
//
// The instruments take everything, also what real ones panic at, and check nothing;
// they keep nothing, read as zero, do not allocate, and are safe for concurrent use.
// Their vectors have no series. To register them, with whatever registry and however
// often, is harmless: they describe and collect nothing. Registry returns a
// NoOpRegistry.
func NewNoOp() Metrics { return noOpMetrics{} }

// NewNoOpMetrics is NewNoOp for where New stood: the namespace is not used.
func NewNoOpMetrics(namespace string) Metrics { return NewNoOpFactory().New(namespace) }

// NewNoOpFactory returns a Factory whose Metrics do nothing; see NewNoOp. It leaves
// the registerers that it is given alone.
func NewNoOpFactory() Factory { return noOpFactory{} }

type noOpFactory struct{}

func (noOpFactory) New(string) Metrics                         { return NewNoOp() }
func (noOpFactory) NewWithRegistry(string, Registerer) Metrics { return NewNoOp() }

// noOpMetrics implements Metrics.
type noOpMetrics struct{}

func (noOpMetrics) NewCounter(string, string) Counter                      { return noOp.counter }
func (noOpMetrics) NewCounterVec(string, string, []string) *CounterVec     { return noOp.counterVec }
func (noOpMetrics) NewGauge(string, string) Gauge                          { return noOp.gauge }
func (noOpMetrics) NewGaugeVec(string, string, []string) *GaugeVec         { return noOp.gaugeVec }
func (noOpMetrics) NewHistogram(string, string, []float64) Histogram       { return noOp.histogram }
func (noOpMetrics) NewSummary(string, string, map[float64]float64) Summary { return noOp.summary }
func (noOpMetrics) NewHistogramVec(string, string, []string, []float64) *HistogramVec {
	return noOp.histogramVec
}
func (noOpMetrics) NewSummaryVec(string, string, []string, map[float64]float64) *SummaryVec {
	return noOp.summaryVec
}
func (noOpMetrics) Registry() Registerer { return NewNoOpRegistry() }

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

// noOp holds the instruments that do nothing. They have no state, so one of each kind
// is enough.
var noOp = newNoOpInstruments()

type noOpInstruments struct {
	counter      *noOpCounter
	gauge        *noOpGauge
	histogram    *noOpHistogram
	summary      *noOpSummary
	counterVec   *CounterVec
	gaugeVec     *GaugeVec
	histogramVec *HistogramVec
	summaryVec   *SummaryVec
}

func newNoOpInstruments() *noOpInstruments {
	n := &noOpInstruments{
		counter:   &noOpCounter{newNoOpMetric(model.Counter)},
		gauge:     &noOpGauge{newNoOpMetric(model.Gauge)},
		histogram: &noOpHistogram{newNoOpMetric(model.Histogram)},
		summary:   &noOpSummary{newNoOpMetric(model.Summary)},
	}
	n.counterVec = &CounterVec{MetricVec: &MetricVec{noOpVec{n.counter}}}
	n.gaugeVec = &GaugeVec{MetricVec: &MetricVec{noOpVec{n.gauge}}}
	n.histogramVec = &HistogramVec{MetricVec: &MetricVec{noOpVec{n.histogram}}}
	n.summaryVec = &SummaryVec{MetricVec: &MetricVec{noOpVec{n.summary}}}
	return n
}

// noOpMetric is what all no-op instruments have in common.
type noOpMetric struct {
	kind model.Type
	desc *Desc
}

func newNoOpMetric(t model.Type) noOpMetric {
	return noOpMetric{t, NewDesc("noop_"+t.String(), "A metric that does nothing.", nil, nil)}
}

// Desc returns a valid descriptor, for code that asks every metric for one.
func (m *noOpMetric) Desc() *Desc { return m.desc }

// Write writes a zero of the right kind, for code that reads a value that way.
func (m *noOpMetric) Write(out *MetricData) error {
	zero := model.Point{Histogram: &model.HistogramValue{}, Summary: &model.SummaryValue{}}
	clientmodel.EncodePoint(out, m.kind, &zero)
	return nil
}

// Describe sends nothing: if it did, no two could be registered.
func (*noOpMetric) Describe(chan<- *Desc) {}

// Collect sends nothing.
func (*noOpMetric) Collect(chan<- Metric) {}

type noOpCounter struct{ noOpMetric }

func (*noOpCounter) Inc()                                    {}
func (*noOpCounter) Add(float64)                             {}
func (*noOpCounter) AddWithExemplar(float64, Labels)         {}
func (*noOpCounter) AddWithContext(context.Context, float64) {}
func (*noOpCounter) IncWithContext(context.Context)          {}
func (*noOpCounter) Get() float64                            { return 0 }

type noOpGauge struct{ noOpMetric }

func (*noOpGauge) Set(float64)       {}
func (*noOpGauge) SetToCurrentTime() {}
func (*noOpGauge) Inc()              {}
func (*noOpGauge) Dec()              {}
func (*noOpGauge) Add(float64)       {}
func (*noOpGauge) Sub(float64)       {}
func (*noOpGauge) Get() float64      { return 0 }

type noOpHistogram struct{ noOpMetric }

func (*noOpHistogram) Observe(float64)                             {}
func (*noOpHistogram) ObserveWithExemplar(float64, Labels)         {}
func (*noOpHistogram) ObserveWithContext(context.Context, float64) {}

type noOpSummary struct{ noOpMetric }

func (*noOpSummary) Observe(float64) {}

// noOpVec implements vecCore: the part of a no-op vector that all kinds share. The
// typed vectors around it look for the absence of a vec.
type noOpVec struct{ child Metric }

func (v noOpVec) metric([]string) (Metric, error)     { return v.child, nil }
func (v noOpVec) metricNamed(Labels) (Metric, error)  { return v.child, nil }
func (v noOpVec) curriedCore(Labels) (vecCore, error) { return v, nil }
func (noOpVec) deleteValues([]string) bool            { return false }
func (noOpVec) deleteNamed(Labels) bool               { return false }
func (noOpVec) deletePartial(Labels) int              { return 0 }
func (noOpVec) reset()                                {}
func (noOpVec) describe(chan<- *Desc)                 {}
func (noOpVec) collect(chan<- Metric)                 {}
