package metric_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// bridges has, for each kind, a function that creates a vector and its bridge.
var bridges = map[string]func(name string) (vector, bridge metric.Collector, use func()){
	"counter": func(name string) (metric.Collector, metric.Collector, func()) {
		v := metric.NewCounterVec(metric.CounterOpts{Name: name}, []string{"k", "l"})
		b := metric.BridgeCounterVec(v)
		return v, b, func() { b.WithLabelValues("1", "2").Inc(); v.WithLabelValues("1", "3").Inc() }
	},
	"gauge": func(name string) (metric.Collector, metric.Collector, func()) {
		v := metric.NewGaugeVec(metric.GaugeOpts{Name: name}, []string{"k", "l"})
		b := metric.BridgeGaugeVec(v)
		return v, b, func() { b.WithLabelValues("1", "2").Inc(); v.WithLabelValues("1", "3").Inc() }
	},
	"histogram": func(name string) (metric.Collector, metric.Collector, func()) {
		v := metric.NewHistogramVec(metric.HistogramOpts{Name: name}, []string{"k", "l"})
		b := metric.BridgeHistogramVec(v)
		return v, b, func() { b.WithLabelValues("1", "2").Observe(1); v.WithLabelValues("1", "3").Observe(1) }
	},
	"summary": func(name string) (metric.Collector, metric.Collector, func()) {
		v := metric.NewSummaryVec(metric.SummaryOpts{Name: name}, []string{"k", "l"})
		b := metric.BridgeSummaryVec(v)
		return v, b, func() { b.WithLabelValues("1", "2").Observe(1); v.WithLabelValues("1", "3").Observe(1) }
	},
	"curried bridge": func(name string) (metric.Collector, metric.Collector, func()) {
		v := metric.NewCounterVec(metric.CounterOpts{Name: name}, []string{"k", "l"})
		b := metric.BridgeCounterVec(v).MustCurryWith(prometheus.Labels{"k": "1"})
		runtime.GC() // The uncurried bridge is collected.
		runtime.GC()
		return v, b, func() { b.WithLabelValues("2").Inc(); v.WithLabelValues("1", "3").Inc() }
	},
	"bridge of a curried vector": func(name string) (metric.Collector, metric.Collector, func()) {
		v := metric.NewCounterVec(metric.CounterOpts{Name: name}, []string{"k", "l"})
		curried := v.MustCurryWith(metric.Labels{"k": "1"})
		b := metric.BridgeCounterVec(curried)
		return v, b, func() { b.WithLabelValues("2").Inc(); v.WithLabelValues("1", "3").Inc() }
	},
}

// TestRegisteredBridge registers a vector and its bridge in either order and through each kind of
// Registerer. They must count as one collector: the series are exposed once, with the options of the first
// registration.
func TestRegisteredBridge(t *testing.T) {
	for kind, create := range bridges {
		for way, behind := range ways {
			t.Run(kind+"/"+way, func(t *testing.T) {
				wantSeries := func(reg *metric.ContextRegistry, n int) {
					t.Helper()
					families := mustGather(t, reg)
					if len(families) != 1 || len(families[0].GetMetric()) != n {
						t.Errorf("gathered %v, want one family with %d series", families, n)
					}
				}
				t.Run("vector first", func(t *testing.T) {
					reg := metric.NewContextRegistry()
					registerer := behind(reg, metric.WithTimeout(time.Second))
					vector, bridge, use := create("v")
					registerer.MustRegister(vector)
					use()
					already, ok := errors.AsType[metric.AlreadyRegisteredError](registerer.Register(bridge))
					if !ok || already.ExistingCollector != bridge {
						t.Fatalf("registering the bridge: %#v", already)
					}
					wantSeries(reg, 2)
					if !registerer.Unregister(bridge) || registerer.Unregister(vector) {
						t.Error("Unregister does not know that they are the same")
					}
				})
				t.Run("bridge first", func(t *testing.T) {
					reg := metric.NewContextRegistry()
					registerer := behind(reg, metric.WithTimeout(time.Second))
					vector, bridge, use := create("v")
					registerer.MustRegister(bridge)
					use()
					if got := reg.Status()[0]; got.Kind != "instrument" {
						t.Errorf("the bridge is a %s, want an instrument", got.Kind)
					}
					already, ok := errors.AsType[metric.AlreadyRegisteredError](registerer.Register(vector))
					if _, theirs := already.ExistingCollector.(interface{ MetricVec() }); !ok || theirs {
						t.Fatalf("registering the vector: %#v", already)
					}
					wantSeries(reg, 2)
					if !registerer.Unregister(vector) || registerer.Unregister(bridge) {
						t.Error("Unregister does not know that they are the same")
					}
				})
			})
		}
	}
}

// TestTheirVectorFindsOurs checks that a library that continues with the existing vector gets a vector of
// client_golang's type.
func TestTheirVectorFindsOurs(t *testing.T) {
	reg := metric.NewContextRegistry()
	ours := metric.NewCounterVec(metric.CounterOpts{Name: "c", Help: "h"}, []string{"a"})
	reg.MustRegister(ours)
	theirs := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c", Help: "h"}, []string{"a"})
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](reg.Register(theirs)); ok {
		theirs = already.ExistingCollector.(*prometheus.CounterVec)
	}
	theirs.WithLabelValues("1").Add(3)
	if got := ours.WithLabelValues("1").Get(); got != 3 {
		t.Errorf("the registered counter is %v, want 3", got)
	}
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](reg.Register(prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "c", Help: "h"}, []string{"a"}))); !ok || already.ExistingCollector != metric.Collector(ours) {
		t.Errorf("a gauge vector got %#v, want the counter vector", already)
	}
}

// TestBridgeIsForgotten checks that the table that maps bridges to vectors keeps neither alive.
func TestBridgeIsForgotten(t *testing.T) {
	gone := make(chan struct{})
	func() {
		v := metric.NewCounterVec(metric.CounterOpts{Name: "c"}, []string{"a"})
		metric.BridgeCounterVec(v).WithLabelValues("1").Inc()
		runtime.AddCleanup(v, func(struct{}) { close(gone) }, struct{}{})
	}()
	for range 100 {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Error("the vector is still there")
}
