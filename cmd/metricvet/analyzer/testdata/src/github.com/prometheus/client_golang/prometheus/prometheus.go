// Package prometheus has the declarations of client_golang that the tests need.
package prometheus

import "time"

type (
	Labels    map[string]string
	Desc      struct{}
	ValueType int

	Opts struct {
		Namespace, Subsystem, Name, Help string
		ConstLabels                      Labels
	}
	CounterOpts   Opts
	GaugeOpts     Opts
	HistogramOpts struct {
		Namespace, Subsystem, Name, Help string
		ConstLabels                      Labels
		Buckets                          []float64
	}
	SummaryOpts = HistogramOpts

	ConstrainableLabels interface{ labels() }
	ConstrainedLabel    struct {
		Name       string
		Constraint func(string) string
	}
	ConstrainedLabels   []ConstrainedLabel
	UnconstrainedLabels []string
	CounterVecOpts      struct {
		CounterOpts
		VariableLabels ConstrainableLabels
	}
)

func (ConstrainedLabels) labels()   {}
func (UnconstrainedLabels) labels() {}

const (
	CounterValue ValueType = iota + 1
	GaugeValue
)

type Metric interface{ Desc() *Desc }

type Collector interface {
	Describe(chan<- *Desc)
	Collect(chan<- Metric)
}

type Counter interface {
	Metric
	Collector
	Inc()
	Add(float64)
}

type Gauge interface {
	Metric
	Collector
	Set(float64)
	Add(float64)
}

type Observer interface{ Observe(float64) }

type Histogram interface {
	Metric
	Collector
	Observe(float64)
}

type Summary = Histogram

type ObserverVec interface {
	Collector
	WithLabelValues(...string) Observer
	With(Labels) Observer
}

type MetricVec struct{}

func (*MetricVec) Describe(chan<- *Desc)            {}
func (*MetricVec) Collect(chan<- Metric)            {}
func (*MetricVec) DeleteLabelValues(...string) bool { return false }
func (*MetricVec) Delete(Labels) bool               { return false }
func (*MetricVec) DeletePartialMatch(Labels) int    { return 0 }

type CounterVec struct{ *MetricVec }

func (v *CounterVec) WithLabelValues(...string) Counter                   { return nil }
func (v *CounterVec) With(Labels) Counter                                 { return nil }
func (v *CounterVec) GetMetricWithLabelValues(...string) (Counter, error) { return nil, nil }
func (v *CounterVec) GetMetricWith(Labels) (Counter, error)               { return nil, nil }
func (v *CounterVec) CurryWith(Labels) (*CounterVec, error)               { return v, nil }
func (v *CounterVec) MustCurryWith(Labels) *CounterVec                    { return v }

type GaugeVec struct{ *MetricVec }

func (v *GaugeVec) WithLabelValues(...string) Gauge { return nil }
func (v *GaugeVec) With(Labels) Gauge               { return nil }

type HistogramVec struct{ *MetricVec }

func (v *HistogramVec) WithLabelValues(...string) Observer { return nil }
func (v *HistogramVec) With(Labels) Observer               { return nil }
func (v *HistogramVec) MustCurryWith(Labels) ObserverVec   { return v }

func NewCounter(CounterOpts) Counter                               { return nil }
func NewCounterVec(CounterOpts, []string) *CounterVec              { return nil }
func NewGauge(GaugeOpts) Gauge                                     { return nil }
func NewGaugeVec(GaugeOpts, []string) *GaugeVec                    { return nil }
func NewGaugeFunc(GaugeOpts, func() float64) Collector             { return nil }
func NewHistogram(HistogramOpts) Histogram                         { return nil }
func NewHistogramVec(HistogramOpts, []string) *HistogramVec        { return nil }
func NewSummary(SummaryOpts) Summary                               { return nil }
func NewDesc(fqName, help string, labels []string, c Labels) *Desc { return nil }

func BuildFQName(namespace, subsystem, name string) string { return name }

var V2 = v2{}

type v2 struct{}

func (v2) NewCounterVec(CounterVecOpts) *CounterVec                           { return nil }
func (v2) NewDesc(fqName, help string, l ConstrainableLabels, c Labels) *Desc { return nil }
func MustNewConstMetric(*Desc, ValueType, float64, ...string) Metric          { return nil }
func NewConstMetric(*Desc, ValueType, float64, ...string) (Metric, error)     { return nil, nil }

type Timer struct{}

func NewTimer(Observer) *Timer                { return nil }
func (*Timer) ObserveDuration() time.Duration { return 0 }

type Registerer interface {
	Register(Collector) error
	MustRegister(...Collector)
}

type Registry struct{}

func NewRegistry() *Registry                { return nil }
func (*Registry) Register(Collector) error  { return nil }
func (*Registry) MustRegister(...Collector) {}

var DefaultRegisterer Registerer = NewRegistry()

func Register(Collector) error                         { return nil }
func MustRegister(...Collector)                        {}
func WrapRegistererWith(Labels, Registerer) Registerer { return nil }
