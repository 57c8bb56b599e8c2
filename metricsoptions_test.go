package metric_test

import (
	"context"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

// TestMetricsOptions checks that WithConstLabels applies to everything made with Metrics, and keeps
// instruments with other labels apart.
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

// otherMetrics are Metrics of another package.
type otherMetrics struct{ metric.Metrics }

// TestFuncMetrics checks that functions in a Metrics get the options of their registration, and
// that a mistake panics.
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
