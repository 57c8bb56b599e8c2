package metric_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// registerersOfAll returns registerers of both libraries, with and without wrappings.
func registerersOfAll() map[string]metric.Registerer {
	return map[string]metric.Registerer{
		"registry":              metric.NewContextRegistry(),
		"wrapping":              metric.WrapRegistererWith(metric.Labels{"z": "1"}, metric.WrapRegistererWithPrefix("p_", metric.NewContextRegistry())),
		"options":               metric.RegistererWith(metric.NewContextRegistry(), metric.WithName("n")),
		"client_golang":         prometheus.NewRegistry(),
		"client_golang wrapped": prometheus.WrapRegistererWithPrefix("p_", prometheus.NewRegistry()),
		"their wrapping, ours":  prometheus.WrapRegistererWithPrefix("p_", metric.NewContextRegistry()),
		"our wrapping, theirs":  metric.WrapRegistererWithPrefix("p_", prometheus.NewRegistry()),
	}
}

// TestGetOrRegister checks that a second call returns the first collector, for all kinds.
func TestGetOrRegister(t *testing.T) {
	for name := range registerersOfAll() {
		t.Run(name, func(t *testing.T) {
			reg := func() metric.Registerer { return registerersOfAll()[name] }
			opts := metric.CounterOpts{Name: "m", Help: "h"}
			getTwice(t, reg(), func() metric.ReadableCounter { return metric.NewCounter(opts) })
			getTwice(t, reg(), func() metric.Counter { return metric.NewCounter(opts) })
			getTwice(t, reg(), func() metric.Collector { return metric.NewCounter(opts) })
			getTwice(t, reg(), func() *metric.CounterVec { return metric.NewCounterVec(opts, []string{"a"}) })
			getTwice(t, reg(), func() metric.Histogram { return metric.NewHistogram(metric.HistogramOpts{Name: "m"}) })
			getTwice(t, reg(), func() *metric.SummaryVec { return metric.NewSummaryVec(metric.SummaryOpts{Name: "m"}, []string{"a"}) })
			getTwice(t, reg(), func() metric.Info { return metric.NewInfo(metric.InfoOpts{Name: "m"}, metric.Labels{"a": "1"}) })
			getTwice(t, reg(), func() metric.StateSet {
				return metric.NewStateSet(metric.StateSetOpts{Name: "m", States: []string{"a"}})
			})
			getTwice(t, reg(), func() *onlyDescs { return &onlyDescs{descs: []*metric.Desc{desc("m")}} })
			getTwice(t, reg(), func() prometheus.Gauge { return prometheus.NewGauge(prometheus.GaugeOpts{Name: "m"}) })
			function := metric.NewGaugeFunc(metric.GaugeOpts{Name: "m"}, func() float64 { return 1 })
			getTwice(t, reg(), func() metric.GaugeFunc { return function })
		})
	}
}

func getTwice[C metric.Collector](t *testing.T, reg metric.Registerer, build func() C) {
	t.Helper()
	first := build()
	for range 2 {
		got, err := metric.GetOrRegister(reg, first)
		if err != nil || metric.Collector(got) != metric.Collector(first) {
			t.Errorf("%T: got %v and the error %v, want what was given", first, got, err)
		}
	}
	got, err := metric.GetOrRegister(reg, build())
	if err != nil || metric.Collector(got) != metric.Collector(first) {
		t.Errorf("%T: got %v and the error %v, want the first one", first, got, err)
	}
}

// TestGetOrRegisterDiffers checks the errors for collectors that differ from the registered one.
func TestGetOrRegisterDiffers(t *testing.T) {
	function := func() float64 { return 1 }
	collect := func(context.Context, *metric.Sink) error { return nil }
	descs := []*metric.Desc{desc("m")}
	buckets := func(buckets ...float64) metric.Collector {
		return metric.NewHistogram(metric.HistogramOpts{Name: "m", Buckets: buckets})
	}
	counter := func(help string) metric.Collector {
		return metric.NewCounter(metric.CounterOpts{Name: "m", Help: help})
	}
	for name, tt := range map[string]struct {
		first, second metric.Collector
		want          string
	}{
		"kind":            {counter(""), metric.NewGauge(metric.GaugeOpts{Name: "m"}), "they differ in kind"},
		"help":            {counter("a"), counter("b"), "they differ in help"},
		"buckets":         {buckets(1), buckets(2), "they differ in buckets"},
		"labels":          {counter(""), metric.NewCounterVec(metric.CounterOpts{Name: "m"}, []string{"a"}), "they differ in kind, labels"},
		"functions":       {metric.NewGaugeFunc(metric.GaugeOpts{Name: "m"}, function), metric.NewGaugeFunc(metric.GaugeOpts{Name: "m"}, function), "made of a function"},
		"stream function": {metric.NewStreamFunc(descs, collect), metric.NewStreamFunc(descs, collect), "made of a function"},
		"other package":   {prometheus.NewGauge(prometheus.GaugeOpts{Name: "m"}), metric.NewGauge(metric.GaugeOpts{Name: "m"}), "belongs to a *prometheus.gauge"},
		"type":            {&onlyDescs{descs: descs}, plain{"m", nil}, "the collector that is there is a *metric_test.onlyDescs, and not a metric_test.plain"},
		"invalid":         {counter(""), metric.NewCounter(metric.CounterOpts{Name: ""}), "is not a valid metric name"},
		"nil":             {counter(""), (*metric.CounterVec)(nil), "nil"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := registered(t, tt.first)
			got, err := metric.GetOrRegister[metric.Collector](reg, tt.second)
			if err == nil || got != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v and the error %v, want %q", got, err, tt.want)
			}
		})
	}
	if _, err := metric.GetOrRegister[metric.Collector](nil, counter("")); err == nil {
		t.Error("no error about a Registerer that is nil")
	}
	boom := errors.New("boom")
	if _, err := metric.GetOrRegister[metric.Collector](metric.NewContextRegistry(), invalid{boom}); !errors.Is(err, boom) {
		t.Errorf("got the error %v, want %v", err, boom)
	}
}

// TestGetOrRegisterAtOnce checks that concurrent calls all get the same instrument.
func TestGetOrRegisterAtOnce(t *testing.T) {
	reg := metric.NewContextRegistry()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, err := metric.GetOrRegister(reg, metric.NewCounter(metric.CounterOpts{Name: "m"}))
			if err != nil {
				t.Error(err)
				return
			}
			c.Inc()
		})
	}
	wg.Wait()
	if got := mustGather(t, reg)[0].GetMetric()[0].GetCounter().GetValue(); got != 8 {
		t.Errorf("got %v, want 8", got)
	}
}
