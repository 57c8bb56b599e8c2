// Package counting makes a vector of observers from a vector of counters. With it, client_golang's HTTP
// instrumentation, which accepts its own CounterVec or any ObserverVec, works for a CounterVec of
// another type.
package counting

import "github.com/prometheus/client_golang/prometheus"

// Vec is a vector of counters. V is the type of the vector itself, and C is the type of its counters.
type Vec[V any, C prometheus.Counter] interface {
	prometheus.Collector

	GetMetricWith(labels prometheus.Labels) (C, error)
	GetMetricWithLabelValues(values ...string) (C, error)
	With(labels prometheus.Labels) C
	WithLabelValues(values ...string) C
	CurryWith(labels prometheus.Labels) (V, error)
	MustCurryWith(labels prometheus.Labels) V
}

// Observers returns v as a vector of observers that count the observations and ignore their values. It
// is safe for concurrent use if v is.
func Observers[V Vec[V, C], C prometheus.Counter](v V) prometheus.ObserverVec {
	return observers[V, C]{v}
}

type observers[V Vec[V, C], C prometheus.Counter] struct{ vec V }

func (o observers[V, C]) Describe(ch chan<- *prometheus.Desc) { o.vec.Describe(ch) }
func (o observers[V, C]) Collect(ch chan<- prometheus.Metric) { o.vec.Collect(ch) }

func (o observers[V, C]) GetMetricWith(labels prometheus.Labels) (prometheus.Observer, error) {
	c, err := o.vec.GetMetricWith(labels)
	if err != nil {
		return nil, err
	}
	return observer{c}, nil
}

func (o observers[V, C]) GetMetricWithLabelValues(values ...string) (prometheus.Observer, error) {
	c, err := o.vec.GetMetricWithLabelValues(values...)
	if err != nil {
		return nil, err
	}
	return observer{c}, nil
}

func (o observers[V, C]) With(labels prometheus.Labels) prometheus.Observer {
	return observer{o.vec.With(labels)}
}

func (o observers[V, C]) WithLabelValues(values ...string) prometheus.Observer {
	return observer{o.vec.WithLabelValues(values...)}
}

func (o observers[V, C]) CurryWith(labels prometheus.Labels) (prometheus.ObserverVec, error) {
	curried, err := o.vec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return observers[V, C]{curried}, nil
}

func (o observers[V, C]) MustCurryWith(labels prometheus.Labels) prometheus.ObserverVec {
	return observers[V, C]{o.vec.MustCurryWith(labels)}
}

// observer counts observations.
type observer struct{ counter prometheus.Counter }

func (o observer) Observe(float64) { o.counter.Inc() }

// ObserveWithExemplar adds the exemplar if the counter supports exemplars.
func (o observer) ObserveWithExemplar(_ float64, labels prometheus.Labels) {
	if adder, ok := o.counter.(prometheus.ExemplarAdder); ok {
		adder.AddWithExemplar(1, labels)
		return
	}
	o.counter.Inc()
}
