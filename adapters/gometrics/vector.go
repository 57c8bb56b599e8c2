package gometrics

import (
	"time"

	"github.com/luxfi/metric"
)

// kind is a kind of metric in go-metrics.
type kind int

const (
	counter kind = iota
	gauge
	sample
	numKinds
)

// String returns the name of the kind.
func (k kind) String() string { return [numKinds]string{"counter", "gauge", "sample"}[k] }

// series is an instrument, or an error if the series cannot be created.
type series struct {
	counter metric.Counter
	gauge   metric.Gauge
	sample  metric.Observer

	err    error
	reason reason
}

// vector is a vector of any kind.
type vector struct {
	collector metric.Collector
	with      func(values []string) (*series, error)
}

// vectors holds the options of new vectors.
type vectors struct {
	histogram *metric.HistogramOpts // nil means a summary
	summary   metric.SummaryOpts
	expiry    time.Duration // 0 means the expiry of the registry
	limit     int
}

func (o vectors) make(k kind, name, help string, labels []string) *vector {
	switch {
	case k == counter:
		v := metric.NewCounterVec(metric.CounterOpts{Name: name, Help: help}, labels)
		o.bound(v.MetricVec)
		return &vector{v, func(values []string) (*series, error) {
			c, err := v.GetMetricWithLabelValues(values...)
			return &series{counter: c}, err
		}}
	case k == gauge:
		v := metric.NewGaugeVec(metric.GaugeOpts{Name: name, Help: help}, labels)
		o.bound(v.MetricVec)
		return &vector{v, func(values []string) (*series, error) {
			g, err := v.GetMetricWithLabelValues(values...)
			return &series{gauge: g}, err
		}}
	case o.histogram != nil:
		opts := *o.histogram
		opts.Name, opts.Help = name, help
		v := metric.NewHistogramVec(opts, labels)
		o.bound(v.MetricVec)
		return observers(v, v.GetMetricWithLabelValues)
	default:
		opts := o.summary
		opts.Name, opts.Help = name, help
		v := metric.NewSummaryVec(opts, labels)
		o.bound(v.MetricVec)
		return observers(v, v.GetMetricWithLabelValues)
	}
}

func observers(v metric.Collector, with func(...string) (metric.Observer, error)) *vector {
	return &vector{v, func(values []string) (*series, error) {
		h, err := with(values...)
		return &series{sample: h}, err
	}}
}

func (o vectors) bound(v *metric.MetricVec) {
	v.SetLimit(o.limit)
	switch {
	case o.expiry == never:
		v.SetExpiry(0)
	case o.expiry > 0:
		v.SetExpiry(o.expiry)
	}
}

// names returns the names that a metric uses in the exposition.
func (o vectors) names(k kind, name string) []string {
	switch {
	case k != sample:
		return []string{name}
	case o.histogram != nil:
		return []string{name, name + "_count", name + "_sum", name + "_bucket"}
	default:
		return []string{name, name + "_count", name + "_sum"}
	}
}
