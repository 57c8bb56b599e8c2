package metric

import (
	"fmt"

	"github.com/luxfi/metric/internal/instrument"
)

// FuncMetrics are Metrics that can make instruments that are read by a function. All Metrics
// of this package implement it. It is not part of Metrics because others have implemented
// that; see [NewCounterFuncIn] and [NewGaugeFuncIn].
type FuncMetrics interface {
	Metrics

	// NewCounterFunc registers the counter of that name whose value function returns, with
	// options for how function is run.
	NewCounterFunc(name, help string, function func() float64, opts ...CollectorOption) CounterFunc

	// NewGaugeFunc registers the gauge of that name whose value function returns, with
	// options for how function is run.
	NewGaugeFunc(name, help string, function func() float64, opts ...CollectorOption) GaugeFunc
}

// NewCounterFuncIn makes a counter that is read by a function, see [NewCounterFunc], in the
// namespace of m, and registers it with the registerer of m. Options such as [WithTimeout] and
// [WithCache] apply to the function. It panics like the methods of m and, as two functions
// are never the same, also if the name was asked for before, or if m does not implement
// [FuncMetrics].
func NewCounterFuncIn(m Metrics, name, help string, function func() float64, opts ...CollectorOption) CounterFunc {
	return funcMetrics(m, name).NewCounterFunc(name, help, function, opts...)
}

// NewGaugeFuncIn makes a gauge that is read by a function, as [NewCounterFuncIn] does for a
// counter.
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

// NewCounterFunc implements FuncMetrics.
func (m *prometheusMetrics) NewCounterFunc(name, help string, function func() float64, opts ...CollectorOption) CounterFunc {
	return registerFunc(m, "counter", name, function, opts, func() *instrument.Func {
		return NewCounterFunc(CounterOpts{Namespace: m.namespace, Name: name, Help: help}, function).(*instrument.Func)
	})
}

// NewGaugeFunc implements FuncMetrics.
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

// NewCounterFunc implements FuncMetrics. function is never called.
func (*noOpMetrics) NewCounterFunc(string, string, func() float64, ...CollectorOption) CounterFunc {
	return instrument.NoOp.Counter
}

// NewGaugeFunc implements FuncMetrics. function is never called.
func (*noOpMetrics) NewGaugeFunc(string, string, func() float64, ...CollectorOption) GaugeFunc {
	return instrument.NoOp.Gauge
}
