package metric_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/promauto"
)

// counterWithoutGet is a fake like those in tests of programs that use client_golang.
type counterWithoutGet struct {
	metric.Metric
	metric.Collector

	value float64
}

func (c *counterWithoutGet) Inc()          { c.value++ }
func (c *counterWithoutGet) Add(v float64) { c.value += v }

type gaugeWithoutGet struct{ counterWithoutGet }

func (g *gaugeWithoutGet) Set(v float64)     { g.value = v }
func (g *gaugeWithoutGet) Dec()              { g.value-- }
func (g *gaugeWithoutGet) Sub(v float64)     { g.value -= v }
func (g *gaugeWithoutGet) SetToCurrentTime() {}

// TestFakes checks that code for client_golang's types also compiles with ours: fakes without Get, and
// function types.
func TestFakes(t *testing.T) {
	fakeCounter, fakeGauge := &counterWithoutGet{}, &gaugeWithoutGet{}
	use := func(c metric.Counter, g metric.Gauge) { c.Add(2); g.Set(3) }
	asTheirs := func(f func(prometheus.Counter, prometheus.Gauge)) func(prometheus.Counter, prometheus.Gauge) {
		return f
	}(use)
	asTheirs(fakeCounter, fakeGauge)
	if fakeCounter.value != 2 || fakeGauge.value != 3 {
		t.Errorf("got %v and %v", fakeCounter.value, fakeGauge.value)
	}

	made := promauto.With(nil).NewCounter(metric.CounterOpts{Name: "c_total"})
	gauges := metric.NewGaugeVec(metric.GaugeOpts{Name: "g"}, []string{"a"})
	asTheirs(made, gauges.WithLabelValues("x"))
	if made.Get() != 2 || gauges.With(metric.Labels{"a": "x"}).Get() != 3 {
		t.Errorf("got %v and %v", made.Get(), gauges.WithLabelValues("x").Get())
	}

	perCounter := map[string]func(prometheus.Counter) float64{"value": func(c metric.Counter) float64 { return metric.Value(c) }}
	if got := perCounter["value"](made); got != 2 {
		t.Errorf("got %v", got)
	}
}

// metricWriting adapts a function to a Metric.
type metricWriting func(*metric.MetricData) error

func (metricWriting) Desc() *metric.Desc                 { return nil }
func (w metricWriting) Write(m *metric.MetricData) error { return w(m) }

// TestValue checks that Value reads counters and gauges of either library, and returns NaN for
// everything else.
func TestValue(t *testing.T) {
	nan := math.NaN()
	desc := metric.NewDesc("x", "", nil, nil)
	counter := metric.NewCounter(metric.CounterOpts{Name: "c_total"})
	counter.Add(2.5)
	labeled := metric.NewCounter(metric.CounterOpts{Name: "c_total", ConstLabels: metric.Labels{"a": "b"}})
	labeled.Inc()
	gauge := metric.NewGauge(metric.GaugeOpts{Name: "g"})
	gauge.Set(-3)
	counters := metric.NewCounterVec(metric.CounterOpts{Name: "v_total"}, []string{"a"})
	counters.WithLabelValues("x").Add(4)
	gauges := metric.NewGaugeVec(metric.GaugeOpts{Name: "v"}, []string{"a"})
	gauges.WithLabelValues("x").Set(5)
	theirCounter := prometheus.NewCounter(prometheus.CounterOpts{Name: "c_total"})
	theirCounter.Add(6)
	theirGauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "g"})
	theirGauge.Set(7)
	histogram := metric.NewHistogram(metric.HistogramOpts{Name: "h"})
	histogram.Observe(1)
	summary := metric.NewSummary(metric.SummaryOpts{Name: "s"})
	summary.Observe(1)
	value := func(v float64) func() float64 { return func() float64 { return v } }
	withExemplar, err := metric.NewMetricWithExemplars(counter, metric.Exemplar{Value: 1, Labels: metric.Labels{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}

	for name, test := range map[string]struct {
		metric metric.Metric
		want   float64
	}{
		"counter":                  {counter, 2.5},
		"counter with labels":      {labeled, 1},
		"gauge":                    {gauge, -3},
		"counter of a vector":      {counters.WithLabelValues("x"), 4},
		"gauge of a vector":        {gauges.WithLabelValues("x"), 5},
		"counter function":         {metric.NewCounterFunc(metric.CounterOpts{Name: "f"}, value(8)), 8},
		"gauge function":           {metric.NewGaugeFunc(metric.GaugeOpts{Name: "f"}, value(9)), 9},
		"untyped function":         {metric.NewUntypedFunc(metric.UntypedOpts{Name: "f"}, value(10)), 10},
		"function that panics":     {metric.NewGaugeFunc(metric.GaugeOpts{Name: "f"}, func() float64 { panic("boom") }), nan},
		"infinite":                 {metric.NewGaugeFunc(metric.GaugeOpts{Name: "f"}, value(math.Inf(-1))), math.Inf(-1)},
		"client_golang's counter":  {theirCounter, 6},
		"client_golang's gauge":    {theirGauge, 7},
		"client_golang's function": {prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "f"}, value(11)), 11},
		"constant counter":         {metric.MustNewConstMetric(desc, metric.CounterValue, 12), 12},
		"constant gauge":           {metric.MustNewConstMetric(desc, metric.GaugeValue, 13), 13},
		"constant untyped":         {metric.MustNewConstMetric(desc, metric.UntypedValue, 14), 14},
		"with a timestamp":         {metric.NewMetricWithTimestamp(time.Now(), counter), 2.5},
		"with an exemplar":         {withExemplar, 2.5},
		"histogram":                {histogram, nan},
		"summary":                  {summary, nan},
		"constant histogram":       {metric.MustNewConstHistogram(desc, 1, 1, nil), nan},
		"constant summary":         {metric.MustNewConstSummary(desc, 1, 1, nil), nan},
		"client_golang's summary":  {prometheus.NewSummary(prometheus.SummaryOpts{Name: "s"}), nan},
		"invalid metric":           {metric.NewInvalidMetric(desc, errors.New("broken")), nan},
		"value beside an error":    {metricWriting(func(m *metric.MetricData) error { _ = gauge.Write(m); return errors.New("broken") }), nan},
		"Write that writes":        {metricWriting(gauge.Write), -3},
		"Write that does nothing":  {metricWriting(func(*metric.MetricData) error { return nil }), nan},
		"Write that panics":        {metricWriting(func(*metric.MetricData) error { panic("boom") }), nan},
		"nil":                      {nil, nan},
		"nil function":             {metricWriting(nil), nan},
		"fake without a metric":    {&counterWithoutGet{}, nan},
		"nil pointer":              {(*counterWithoutGet)(nil), nan},
	} {
		t.Run(name, func(t *testing.T) {
			if got := metric.Value(test.metric); got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}

	t.Run("allocations", func(t *testing.T) {
		if n := testing.AllocsPerRun(100, func() { metric.Value(counter); metric.Value(gauge) }); n > 0 {
			t.Errorf("reading our instruments allocates %v times", n)
		}
	})
}
