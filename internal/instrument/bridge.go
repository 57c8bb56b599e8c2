package instrument

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"
	"weak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientmodel"
	"github.com/luxfi/metric/internal/engine"
)

// BridgeCounters returns vector as a CounterVec of client_golang. children are the children of vector.
func BridgeCounters(vector prometheus.Collector, children *Counters) *prometheus.CounterVec {
	return &prometheus.CounterVec{MetricVec: bridge(vector, children, func(s *bridgedSeries[Counter, *Counter]) prometheus.Metric { return bridgedCounter{s} })}
}

// BridgeGauges returns vector as a GaugeVec of client_golang. children are the children of vector.
func BridgeGauges(vector prometheus.Collector, children *Gauges) *prometheus.GaugeVec {
	return &prometheus.GaugeVec{MetricVec: bridge(vector, children, func(s *bridgedSeries[Gauge, *Gauge]) prometheus.Metric { return bridgedGauge{s} })}
}

// BridgeHistograms returns vector as a HistogramVec of client_golang. children are the children of vector.
func BridgeHistograms(vector prometheus.Collector, children *Histograms) *prometheus.HistogramVec {
	return &prometheus.HistogramVec{MetricVec: bridge(vector, children, func(s *bridgedSeries[Histogram, *Histogram]) prometheus.Metric { return bridgedHistogram{s} })}
}

// BridgeSummaries returns vector as a SummaryVec of client_golang. children are the children of vector.
func BridgeSummaries(vector prometheus.Collector, children *Summaries) *prometheus.SummaryVec {
	return &prometheus.SummaryVec{MetricVec: bridge(vector, children, func(s *bridgedSeries[Summary, *Summary]) prometheus.Metric { return bridgedSummary{s} })}
}

// bridged maps the address of a descriptor to the token of the vector with this descriptor. A bridge has
// the same descriptor as its vector. A token, and so the vector, lives as long as one of its bridges: the
// function that makes the series of a bridge refers to the token, also in bridges that client_golang
// curries.
var bridged struct {
	mu sync.Mutex
	by map[uintptr]weak.Pointer[bridgeToken]
}

type bridgeToken struct{ vector prometheus.Collector }

func tokenOf(vector prometheus.Collector, desc *prometheus.Desc) *bridgeToken {
	key := uintptr(unsafe.Pointer(desc))
	bridged.mu.Lock()
	defer bridged.mu.Unlock()
	if known := bridged.by[key].Value(); known != nil {
		return known
	}
	t := &bridgeToken{vector}
	if bridged.by == nil {
		bridged.by = make(map[uintptr]weak.Pointer[bridgeToken])
	}
	bridged.by[key] = weak.Make(t)
	runtime.AddCleanup(t, forgetBridge, key)
	return t
}

func forgetBridge(key uintptr) {
	bridged.mu.Lock()
	defer bridged.mu.Unlock()
	if bridged.by[key].Value() == nil {
		delete(bridged.by, key)
	}
}

// BehindBridge returns the vector behind the bridge c, or nil if c is not a bridge.
func BehindBridge(c prometheus.Collector) prometheus.Collector {
	var v *prometheus.MetricVec
	switch c := c.(type) {
	case *prometheus.CounterVec:
		if c != nil {
			v = c.MetricVec
		}
	case *prometheus.GaugeVec:
		if c != nil {
			v = c.MetricVec
		}
	case *prometheus.HistogramVec:
		if c != nil {
			v = c.MetricVec
		}
	case *prometheus.SummaryVec:
		if c != nil {
			v = c.MetricVec
		}
	}
	if v == nil {
		return nil
	}
	ch := make(chan *prometheus.Desc, 1)
	err := engine.Try(func() error {
		v.Describe(ch)
		return nil
	})
	if err != nil {
		return nil // No constructor has made it. Registering it returns an error.
	}
	key := uintptr(unsafe.Pointer(<-ch))
	bridged.mu.Lock()
	defer bridged.mu.Unlock()
	if t := bridged.by[key].Value(); t != nil {
		return t.vector
	}
	return nil
}

// bridge returns a vector whose metrics pass everything on to the series of v.
func bridge[C any, P Child[C]](vector prometheus.Collector, v *Vec[C, P], wrap func(*bridgedSeries[C, P]) prometheus.Metric) *prometheus.MetricVec {
	if v == nil {
		panic("metric: a vector that does nothing cannot be bridged")
	}
	names := v.family.names()
	token := tokenOf(vector, v.family.desc)
	bridged := prometheus.NewMetricVec(v.family.desc, func(values ...string) prometheus.Metric {
		defer runtime.KeepAlive(token)
		s := &bridgedSeries[C, P]{vec: v, values: make([]string, len(values))}
		for i, value := range values {
			s.values[i] = strings.Clone(value)
		}
		for _, c := range v.curried {
			s.values[c.index] = c.value // The other vector has constrained the value a second time.
		}
		return wrap(s)
	})
	if len(v.curried) == 0 {
		return bridged
	}
	labels := make(prometheus.Labels, len(v.curried))
	for _, c := range v.curried {
		labels[names[c.index]] = c.value
	}
	bridged, err := bridged.CurryWith(labels)
	if err != nil {
		panic(fmt.Sprintf("BUG: cannot curry the labels of a curried vector again: %v", err))
	}
	return bridged
}

// bridgedSeries refers to a series of a vector by its label values. It looks the series up for every
// use, since the series may have been deleted and created again.
type bridgedSeries[C any, P Child[C]] struct {
	vec    *Vec[C, P]
	values []string // values of all labels, constrained
}

func (s *bridgedSeries[C, P]) child() P {
	child, err := s.vec.find(nil, s.values)
	if err != nil {
		panic(err)
	}
	return child
}

// Desc, Write, Describe and Collect implement Metric and Collector.
func (s *bridgedSeries[C, P]) Desc() *prometheus.Desc              { return s.vec.family.desc }
func (s *bridgedSeries[C, P]) Write(out *clientmodel.Metric) error { return s.child().Write(out) }
func (s *bridgedSeries[C, P]) Describe(ch chan<- *prometheus.Desc) { ch <- s.Desc() }
func (s *bridgedSeries[C, P]) Collect(ch chan<- prometheus.Metric) { ch <- s.child() }

type bridgedCounter struct {
	*bridgedSeries[Counter, *Counter]
}

func (b bridgedCounter) Inc()          { b.child().Inc() }
func (b bridgedCounter) Add(v float64) { b.child().Add(v) }
func (b bridgedCounter) AddWithExemplar(v float64, labels prometheus.Labels) {
	b.child().AddWithExemplar(v, labels)
}

type bridgedGauge struct{ *bridgedSeries[Gauge, *Gauge] }

func (b bridgedGauge) Set(v float64)     { b.child().Set(v) }
func (b bridgedGauge) Inc()              { b.child().Inc() }
func (b bridgedGauge) Dec()              { b.child().Dec() }
func (b bridgedGauge) Add(v float64)     { b.child().Add(v) }
func (b bridgedGauge) Sub(v float64)     { b.child().Sub(v) }
func (b bridgedGauge) SetToCurrentTime() { b.child().SetToCurrentTime() }

type bridgedHistogram struct {
	*bridgedSeries[Histogram, *Histogram]
}

func (b bridgedHistogram) Observe(v float64) { b.child().Observe(v) }
func (b bridgedHistogram) ObserveWithExemplar(v float64, labels prometheus.Labels) {
	b.child().ObserveWithExemplar(v, labels)
}

type bridgedSummary struct {
	*bridgedSeries[Summary, *Summary]
}

func (b bridgedSummary) Observe(v float64) { b.child().Observe(v) }
