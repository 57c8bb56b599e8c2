package metric

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unsafe"
	"weak"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/clientgolang"
	"github.com/luxfi/metric/internal/engine"
)

// The functions below are for libraries that take one of client_golang's vectors, which
// are structs and not interfaces. What they return can be used like a vector that
// client_golang has made, and its series are those of v: whatever a library counts
// shows where v is registered.
//
// A library may register the bridge, too. A registry of this package takes it for the vector
// that it stands for: registers that if it is not registered yet, and returns an
// AlreadyRegisteredError if it is. Then ExistingCollector is a bridge, for libraries that go
// on with ExistingCollector.(*prometheus.CounterVec). Unregister removes the vector. A registry
// of client_golang sees only the series that were used by the bridge.
//
// Labels that are curried or constrained in v are so in the result. Deleting series and
// Reset have to be called on v: by the result, they delete nothing. (Libraries that
// return one of client_golang's vectors, or take a Registerer, need none of this: every
// Collector can be registered as it is.) If v is nil, so is the
// result: to many libraries, that means none. The functions panic if v is a vector that does
// nothing, because the labels are not known then.

// BridgeCounterVec returns v for a library that takes client_golang's CounterVec.
func BridgeCounterVec(v *CounterVec) *prometheus.CounterVec {
	if v == nil {
		return nil
	}
	return &prometheus.CounterVec{MetricVec: bridge(v, v.vec, func(s *bridgedSeries[counter, *counter]) Metric { return bridgedCounter{s} })}
}

// BridgeGaugeVec returns v for a library that takes client_golang's GaugeVec.
func BridgeGaugeVec(v *GaugeVec) *prometheus.GaugeVec {
	if v == nil {
		return nil
	}
	return &prometheus.GaugeVec{MetricVec: bridge(v, v.vec, func(s *bridgedSeries[gauge, *gauge]) Metric { return bridgedGauge{s} })}
}

// BridgeHistogramVec returns v for a library that takes client_golang's HistogramVec.
func BridgeHistogramVec(v *HistogramVec) *prometheus.HistogramVec {
	if v == nil {
		return nil
	}
	return &prometheus.HistogramVec{MetricVec: bridge(v, v.vec, func(s *bridgedSeries[histogram, *histogram]) Metric { return bridgedHistogram{s} })}
}

// BridgeSummaryVec returns v for a library that takes client_golang's SummaryVec.
func BridgeSummaryVec(v *SummaryVec) *prometheus.SummaryVec {
	if v == nil {
		return nil
	}
	return &prometheus.SummaryVec{MetricVec: bridge(v, v.vec, func(s *bridgedSeries[summary, *summary]) Metric { return bridgedSummary{s} })}
}

// bridged finds the vector that a bridge stands for, by the address of its descriptor, which
// both have. A token, and so the vector, lives as long as one of its bridges: what makes their
// series refers to it, also of those that the library curries.
var bridged struct {
	mu sync.Mutex
	by map[uintptr]weak.Pointer[bridgeToken]
}

type bridgeToken struct{ vector Collector }

func tokenOf(vector Collector, desc *Desc) *bridgeToken {
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

// behindBridge returns the vector that c stands for, and nil if c is no bridge.
func behindBridge(c Collector) Collector {
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
	ch := make(chan *Desc, 1)
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

// forAsker returns err, the error of registering asked, in a form that is of use where asked is
// one of client_golang's vectors: the existing collector is one of these then.
func forAsker(asked Collector, err error) error {
	already, ok := errors.AsType[AlreadyRegisteredError](err)
	if !ok {
		return err
	}
	if behindBridge(asked) != nil {
		already.NewCollector = asked
	}
	already.ExistingCollector = asClientVec(already.ExistingCollector, withoutWrappings(asked))
	return already
}

// withoutWrappings returns the collector behind all wrappings and carriers of options. Unlike
// innermost, it returns a bridge as it is.
func withoutWrappings(c Collector) Collector {
	for {
		switch w := c.(type) {
		case *optionsCarrier:
			c = w.collector
		case *wrappedCollector:
			c = w.collector
		default:
			inner, _, _, ok := clientgolang.Unwrap(c)
			if !ok {
				return c
			}
			c = inner
		}
	}
}

// asClientVec returns existing as one of client_golang's vectors if asked is one and existing
// is ours, and otherwise existing. If asked stands for existing, it is as good as any.
func asClientVec(existing, asked Collector) Collector {
	if vector := behindBridge(asked); vector != nil && ownDesc(vector) == ownDesc(existing) {
		return asked
	}
	if own, ok := existing.(bridgeable); ok && ownOf(existing) != nil {
		if bridged := own.bridgedFor(asked); bridged != nil {
			return bridged
		}
	}
	return existing
}

// bridgeable is implemented by our vectors. It is a method of theirs, and no switch over all of
// them, so that a program contains only those that it uses.
type bridgeable interface {
	// bridgedFor returns a bridge if asked is client_golang's vector of the same kind, and
	// nil if not.
	bridgedFor(asked Collector) Collector
}

func (v *CounterVec) bridgedFor(asked Collector) Collector {
	return bridgedAs[*prometheus.CounterVec](asked, v, BridgeCounterVec)
}

func (v *GaugeVec) bridgedFor(asked Collector) Collector {
	return bridgedAs[*prometheus.GaugeVec](asked, v, BridgeGaugeVec)
}

func (v *HistogramVec) bridgedFor(asked Collector) Collector {
	return bridgedAs[*prometheus.HistogramVec](asked, v, BridgeHistogramVec)
}

func (v *SummaryVec) bridgedFor(asked Collector) Collector {
	return bridgedAs[*prometheus.SummaryVec](asked, v, BridgeSummaryVec)
}

func bridgedAs[T Collector, V any](asked Collector, v V, bridge func(V) T) Collector {
	if _, ok := asked.(T); !ok {
		return nil
	}
	return bridge(v)
}

// bridge returns a vector whose metrics pass everything on to the series of v.
func bridge[C any, P child[C]](vector Collector, v *vec[C, P], wrap func(*bridgedSeries[C, P]) Metric) *prometheus.MetricVec {
	if v == nil {
		panic("metric: a vector that does nothing cannot be bridged")
	}
	names := v.family.names()
	token := tokenOf(vector, v.family.desc)
	bridged := prometheus.NewMetricVec(v.family.desc, func(values ...string) Metric {
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
	labels := make(Labels, len(v.curried))
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
type bridgedSeries[C any, P child[C]] struct {
	vec    *vec[C, P]
	values []string // Of all labels, constrained.
}

func (s *bridgedSeries[C, P]) child() P { return must(s.vec.find(nil, s.values)) }

// Desc, Write, Describe and Collect make it a Metric and a Collector.
func (s *bridgedSeries[C, P]) Desc() *Desc                 { return s.vec.family.desc }
func (s *bridgedSeries[C, P]) Write(out *MetricData) error { return s.child().Write(out) }
func (s *bridgedSeries[C, P]) Describe(ch chan<- *Desc)    { ch <- s.Desc() }
func (s *bridgedSeries[C, P]) Collect(ch chan<- Metric)    { ch <- s.child() }

type bridgedCounter struct {
	*bridgedSeries[counter, *counter]
}

func (b bridgedCounter) Inc()          { b.child().Inc() }
func (b bridgedCounter) Add(v float64) { b.child().Add(v) }
func (b bridgedCounter) AddWithExemplar(v float64, labels Labels) {
	b.child().AddWithExemplar(v, labels)
}

type bridgedGauge struct{ *bridgedSeries[gauge, *gauge] }

func (b bridgedGauge) Set(v float64)     { b.child().Set(v) }
func (b bridgedGauge) Inc()              { b.child().Inc() }
func (b bridgedGauge) Dec()              { b.child().Dec() }
func (b bridgedGauge) Add(v float64)     { b.child().Add(v) }
func (b bridgedGauge) Sub(v float64)     { b.child().Sub(v) }
func (b bridgedGauge) SetToCurrentTime() { b.child().SetToCurrentTime() }

type bridgedHistogram struct {
	*bridgedSeries[histogram, *histogram]
}

func (b bridgedHistogram) Observe(v float64) { b.child().Observe(v) }
func (b bridgedHistogram) ObserveWithExemplar(v float64, labels Labels) {
	b.child().ObserveWithExemplar(v, labels)
}

type bridgedSummary struct {
	*bridgedSeries[summary, *summary]
}

func (b bridgedSummary) Observe(v float64) { b.child().Observe(v) }
