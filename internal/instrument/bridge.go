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

// BridgeCounters returns vector, which has these children, for who takes client_golang's.
func BridgeCounters(vector prometheus.Collector, children *Counters) *prometheus.CounterVec {
	return &prometheus.CounterVec{MetricVec: bridge(vector, children, func(s *bridgedSeries[Counter, *Counter]) prometheus.Metric { return bridgedCounter{s} })}
}

// BridgeGauges returns vector, which has these children, for who takes client_golang's.
func BridgeGauges(vector prometheus.Collector, children *Gauges) *prometheus.GaugeVec {
	return &prometheus.GaugeVec{MetricVec: bridge(vector, children, func(s *bridgedSeries[Gauge, *Gauge]) prometheus.Metric { return bridgedGauge{s} })}
}

// BridgeHistograms returns vector, which has these children, for who takes client_golang's.
func BridgeHistograms(vector prometheus.Collector, children *Histograms) *prometheus.HistogramVec {
	return &prometheus.HistogramVec{MetricVec: bridge(vector, children, func(s *bridgedSeries[Histogram, *Histogram]) prometheus.Metric { return bridgedHistogram{s} })}
}

// BridgeSummaries returns vector, which has these children, for who takes client_golang's.
func BridgeSummaries(vector prometheus.Collector, children *Summaries) *prometheus.SummaryVec {
	return &prometheus.SummaryVec{MetricVec: bridge(vector, children, func(s *bridgedSeries[Summary, *Summary]) prometheus.Metric { return bridgedSummary{s} })}
}

// bridged finds the vector that a bridge stands for, by the address of its descriptor, which
// both have. A token, and so the vector, lives as long as one of its bridges: what makes their
// series refers to it, also of those that the library curries.
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

// BehindBridge returns the vector that c stands for, and nil if c is no bridge.
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
		return nil // It was not made by a constructor. Its registration says so.
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
			s.values[c.index] = c.value // There, it has been constrained a second time.
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
		panic(fmt.Sprintf("BUG: labels that are curried cannot be: %v", err))
	}
	return bridged
}

// bridgedSeries is a series of a vector by its label values. It is looked up for every
// use, since it may have been deleted and made anew.
type bridgedSeries[C any, P Child[C]] struct {
	vec    *Vec[C, P]
	values []string // Of all labels, constrained.
}

func (s *bridgedSeries[C, P]) child() P {
	child, err := s.vec.find(nil, s.values)
	if err != nil {
		panic(err)
	}
	return child
}

// Desc, Write, Describe and Collect make it a Metric and a Collector.
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
