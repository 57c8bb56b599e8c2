// Package metric has the declarations of github.com/luxfi/metric that the tests need.
package metric

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

type (
	Labels      = prometheus.Labels
	Desc        = prometheus.Desc
	Counter     = prometheus.Counter
	Collector   = prometheus.Collector
	CounterOpts = prometheus.CounterOpts
	Registerer  = prometheus.Registerer

	Gauge         = prometheus.Gauge
	GaugeOpts     = prometheus.GaugeOpts
	Histogram     = prometheus.Histogram
	HistogramOpts = prometheus.HistogramOpts
)

type ReadableCounter interface {
	Counter
	Get() float64
}

type MetricVec struct{}

func (*MetricVec) DeleteLabelValues(...string) bool { return false }

type CounterVec struct{ *MetricVec }

func (v *CounterVec) WithLabelValues(...string) ReadableCounter { return nil }
func (v *CounterVec) With(Labels) ReadableCounter               { return nil }
func (v *CounterVec) MustCurryWith(Labels) *CounterVec          { return v }

type CounterVecOf[L any] struct{}

func (v *CounterVecOf[L]) With(L) ReadableCounter { return nil }

func NewCounter(CounterOpts) ReadableCounter                       { return nil }
func NewGauge(GaugeOpts) Gauge                                     { return nil }
func NewHistogram(HistogramOpts) Histogram                         { return nil }
func NewTimer(prometheus.Observer) *prometheus.Timer               { return nil }
func NewCounterVec(CounterOpts, []string) *CounterVec              { return nil }
func NewCounterVecOf[L any](CounterOpts) *CounterVecOf[L]          { return nil }
func NewDesc(fqName, help string, labels []string, c Labels) *Desc { return nil }

type Metrics interface {
	NewCounter(name, help string) ReadableCounter
	NewCounterVec(name, help string, labelNames []string) *CounterVec
}

func New(namespace string) Metrics { return nil }

type Sink struct{}

func (*Sink) Counter(desc *Desc, value float64, labelValues ...string) error { return nil }
func (*Sink) Gauge(desc *Desc, value float64, labelValues ...string) error   { return nil }

type CollectorOption interface{}

type Registration struct{}

type ContextRegistry struct{}

func NewContextRegistry() *ContextRegistry                                        { return nil }
func (*ContextRegistry) Register(Collector) error                                 { return nil }
func (*ContextRegistry) RegisterWith(Collector, ...CollectorOption) error         { return nil }
func (*ContextRegistry) ReplaceNamed(string, Collector, ...CollectorOption) error { return nil }
func (*ContextRegistry) Exchange([]string, ...Registration) error                 { return nil }
func (*ContextRegistry) Gather(context.Context) error                             { return nil }
