package metric

import (
	"fmt"

	"github.com/luxfi/metric/internal/instrument"
)

// FuncMetrics are [Metrics] that can make instruments that call a function for their value. All
// Metrics of this package implement it. The methods are not part of Metrics because other packages
// have implemented that interface; see [NewCounterFuncIn] and [NewGaugeFuncIn].
type FuncMetrics interface {
	Metrics

	// NewCounterFunc registers a counter with that name. Each scrape calls function for its value.
	// The options determine how function is run.
	NewCounterFunc(name, help string, function func() float64, opts ...CollectorOption) CounterFunc

	// NewGaugeFunc registers a gauge with that name. Each scrape calls function for its value. The options
	// determine how function is run.
	NewGaugeFunc(name, help string, function func() float64, opts ...CollectorOption) GaugeFunc
}

// NewCounterFuncIn makes a counter that calls function for its value, like [NewCounterFunc], in the
// namespace of m, and registers it with the registerer of m. Options such as [WithTimeout] and
// [WithCache] apply to function. NewCounterFuncIn panics where the methods of m panic, and if m
// does not implement [FuncMetrics]. It also panics if the name is taken, even by a counter made
// like this one, because functions cannot be compared.
func NewCounterFuncIn(m Metrics, name, help string, function func() float64, opts ...CollectorOption) CounterFunc {
	return funcMetrics(m, name).NewCounterFunc(name, help, function, opts...)
}

// NewGaugeFuncIn is like [NewCounterFuncIn], but makes a gauge.
func NewGaugeFuncIn(m Metrics, name, help string, function func() float64, opts ...CollectorOption) GaugeFunc {
	return funcMetrics(m, name).NewGaugeFunc(name, help, function, opts...)
}

func funcMetrics(m Metrics, name string) FuncMetrics {
	able, ok := m.(FuncMetrics)
	if !ok {
		panic(fmt.Errorf("metric: cannot make the function %q: the Metrics (%T) do not implement FuncMetrics", name, m))
	}
	return able
}

// NewCounterFunc implements [FuncMetrics].
func (m *prometheusMetrics) NewCounterFunc(name, help string, function func() float64, opts ...CollectorOption) CounterFunc {
	return registerFunc(m, "counter", name, function, opts, func() *instrument.Func {
		return NewCounterFunc(CounterOpts{Namespace: m.namespace, Name: name, Help: help}, function).(*instrument.Func)
	})
}

// NewGaugeFunc implements [FuncMetrics].
func (m *prometheusMetrics) NewGaugeFunc(name, help string, function func() float64, opts ...CollectorOption) GaugeFunc {
	return registerFunc(m, "gauge", name, function, opts, func() *instrument.Func {
		return NewGaugeFunc(GaugeOpts{Namespace: m.namespace, Name: name, Help: help}, function).(*instrument.Func)
	})
}

func registerFunc(m *prometheusMetrics, kind, name string, function func() float64, opts []CollectorOption, build func() *instrument.Func) *instrument.Func {
	full := fullName(m, name)
	if function == nil {
		panic(fmt.Errorf("metric: cannot make %q, a %s function: the function is nil", full, kind))
	}
	made := construct(full, build)
	if err := registerWith(m.registerer, made, opts); err != nil {
		panic(fmt.Errorf("metric: cannot make %q, a %s function: %w", full, kind, err))
	}
	return made
}

// NewCounterFunc implements [FuncMetrics]. It never calls the function.
func (*noOpMetrics) NewCounterFunc(string, string, func() float64, ...CollectorOption) CounterFunc {
	return instrument.NoOp.Counter
}

// NewGaugeFunc implements [FuncMetrics]. It never calls the function.
func (*noOpMetrics) NewGaugeFunc(string, string, func() float64, ...CollectorOption) GaugeFunc {
	return instrument.NoOp.Gauge
}
