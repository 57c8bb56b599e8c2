// Package weird has code that compiles and that no check should stumble over.
package weird

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

var a, b = b0(), func() *prometheus.CounterVec { return a0 }()

var a0 = *(&a1)
var a1 = (*prometheus.CounterVec)(nil)

func b0() (v *prometheus.CounterVec) { return }

func loop1() *prometheus.CounterVec { return loop2() }
func loop2() *prometheus.CounterVec { return loop1() }

type T[V any] struct {
	vec  *prometheus.CounterVec
	next *T[V]
	of   V
}

type vec interface {
	*prometheus.CounterVec | *prometheus.GaugeVec
}

func generic[V vec](v V) V { return v }

func _() {
	x := a
	x, y := x, x
	y.WithLabelValues("a")
	x = y
	loop1().WithLabelValues("a").Inc()
	T[int]{vec: a}.next.vec.WithLabelValues("a")
	T[string]{a, nil, ""}.vec.WithLabelValues()
	generic(a).WithLabelValues("a", "b")
	generic[*prometheus.CounterVec](nil).With(nil)
	(*prometheus.CounterVec).WithLabelValues(a, "x").Inc()
	f := a.WithLabelValues
	f("a", "b").Inc()
	(a).With(prometheus.Labels{fmt.Sprint(1): "a"}).Inc()
	func(v ...*prometheus.CounterVec) { v[0].WithLabelValues("a") }()
	map[string]*prometheus.CounterVec{}["a"].WithLabelValues("a")
	any(a).(*prometheus.CounterVec).WithLabelValues("a")
	var fs [2]func(prometheus.CounterOpts, []string) *prometheus.CounterVec
	fs[1](prometheus.CounterOpts{}, nil).WithLabelValues("a")
	prometheus.NewCounterVec(*new(prometheus.CounterOpts), (&[...]string{2: "a"})[:])
	prometheus.NewGaugeFunc(prometheus.GaugeOpts{}, nil)
	prometheus.NewCounter(prometheus.CounterOpts{})
	prometheus.NewDesc("", "", []string{1: "b", 0: "a"}, prometheus.Labels{})
	opts := prometheus.CounterOpts(prometheus.GaugeOpts{})
	opts.Name = "x"
	prometheus.NewCounter(opts).Add(0)
	switch z := any(a).(type) {
	case *prometheus.CounterVec:
		z.WithLabelValues("a")
	}
	for a.MetricVec = range map[*prometheus.MetricVec]bool{} {
	}
	_, _ = interface{ M() }(nil), struct{ prometheus.CounterVec }{}
}
