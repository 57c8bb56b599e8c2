package metric_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// bridges make a vector of each kind and its bridge.
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
		runtime.GC() // The uncurried bridge is gone.
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

// TestTheirVectorFindsOurs checks that a library which goes on with the existing vector gets
// one of its type.
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

// TestBridgeIsForgotten checks that what finds the vector of a bridge keeps neither of them.
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

func TestMetricsOptions(t *testing.T) {
	old := metric.DefaultRegisterer
	defer func() { metric.DefaultRegisterer = old }()
	reg := metric.NewContextRegistry()
	metric.DefaultRegisterer = reg
	zone := func(z string) metric.Metrics {
		return metric.New("shop", metric.WithConstLabels(metric.Labels{"zone": z}))
	}
	zone("a").NewCounter("orders_total", "Orders.").Inc()
	zone("b").NewCounterVec("sales_total", "Sales.", []string{"kind"}).WithLabelValues("x").Inc()
	metric.NewWithRegistry("shop", reg, metric.WithConstLabels(metric.Labels{"zone": "b"})).NewCounter("orders_total", "Orders.").Add(2)
	if zone("a").NewCounter("orders_total", "Orders.") != zone("a").NewCounter("orders_total", "Orders.") {
		t.Error("the counter was not found again")
	}
	metric.NewGaugeFuncIn(zone("a"), "depth", "Depth.", func() float64 { return 7 })
	zone("a").Registry().MustRegister(metric.NewCollectorFunc(describing("own"), func(_ context.Context, ch chan<- metric.Metric) {
		ch <- one("own")
	}))
	series := seriesOfFamilies(mustGather(t, reg))
	for name, want := range map[string]float64{
		`shop_orders_total{zone="a"}`:         1,
		`shop_orders_total{zone="b"}`:         2,
		`shop_sales_total{kind="x",zone="b"}`: 1,
		`shop_depth{zone="a"}`:                7,
		`own{zone="a"}`:                       1,
	} {
		if got, ok := series[name]; !ok || got != want {
			t.Errorf("%s is %v, want %v, in %v", name, got, want, series)
		}
	}
	for what, panics := range map[string]func(){
		"nil option": func() { metric.New("x", nil) },
		"label twice": func() {
			metric.New("x", metric.WithConstLabels(metric.Labels{"a": "1"}), metric.WithConstLabels(metric.Labels{"a": "2"}))
		},
		"label in vector": func() { zone("a").NewGaugeVec("v", "", []string{"zone"}) },
		"bad label":       func() { metric.New("x", metric.WithConstLabels(metric.Labels{"__a": "1"})).NewGauge("g", "") },
	} {
		t.Run(what, func(t *testing.T) {
			defer func() {
				if err, ok := recover().(error); !ok {
					t.Error("no panic with an error")
				} else {
					t.Log(err)
				}
			}()
			panics()
		})
	}
}

// otherMetrics are Metrics of somebody else.
type otherMetrics struct{ metric.Metrics }

func TestFuncMetrics(t *testing.T) {
	reg := metric.NewContextRegistry()
	m := metric.NewWithRegistry("app", metric.RegistererWith(reg, metric.WithPriority(metric.PriorityCritical)))
	calls := 0
	metric.NewGaugeFuncIn(m, "depth", "", func() float64 { calls++; return 1 }, metric.WithCache(time.Hour))
	metric.NewCounterFuncIn(m, "reads_total", "", func() float64 { return 2 })
	for range 3 {
		if families := mustGather(t, reg); len(families) != 2 {
			t.Errorf("gathered %v", namesOf(families))
		}
	}
	if calls != 1 {
		t.Errorf("the function was called %d times in spite of a cache", calls)
	}
	for what, panics := range map[string]func(){
		"again":          func() { metric.NewGaugeFuncIn(m, "depth", "", func() float64 { return 1 }) },
		"nil function":   func() { metric.NewGaugeFuncIn(m, "other", "", nil) },
		"no name":        func() { metric.NewGaugeFuncIn(m, "", "", func() float64 { return 1 }) },
		"other Metrics":  func() { metric.NewCounterFuncIn(otherMetrics{m}, "other", "", func() float64 { return 1 }) },
		"invalid option": func() { metric.NewCounterFuncIn(m, "other", "", func() float64 { return 1 }, metric.WithTimeout(-1)) },
	} {
		t.Run(what, func(t *testing.T) {
			defer func() {
				if err, ok := recover().(error); !ok {
					t.Error("no panic with an error")
				} else {
					t.Log(err)
				}
			}()
			panics()
		})
	}
	metric.NewGaugeFuncIn(metric.NewNoOp(), "x", "", func() float64 { panic("called") })
	metric.NewCounterFuncIn(metric.NewNoOp(), "x", "", func() float64 { panic("called") })
}
