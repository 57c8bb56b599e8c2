package metric_test

import (
	"errors"
	"math"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestFuncsEqualClientGolang compares instruments that call functions with client_golang's.
func TestFuncsEqualClientGolang(t *testing.T) {
	for _, kind := range []struct {
		name         string
		ours, theirs func(prometheus.Opts, func() float64) prometheus.Metric
	}{
		{
			"counter",
			func(o prometheus.Opts, f func() float64) prometheus.Metric {
				return metric.NewCounterFunc(metric.CounterOpts(o), f)
			},
			func(o prometheus.Opts, f func() float64) prometheus.Metric {
				return prometheus.NewCounterFunc(prometheus.CounterOpts(o), f)
			},
		},
		{
			"gauge",
			func(o prometheus.Opts, f func() float64) prometheus.Metric {
				return metric.NewGaugeFunc(metric.GaugeOpts(o), f)
			},
			func(o prometheus.Opts, f func() float64) prometheus.Metric {
				return prometheus.NewGaugeFunc(prometheus.GaugeOpts(o), f)
			},
		},
		{
			"untyped",
			func(o prometheus.Opts, f func() float64) prometheus.Metric {
				return metric.NewUntypedFunc(metric.UntypedOpts(o), f)
			},
			func(o prometheus.Opts, f func() float64) prometheus.Metric {
				return prometheus.NewUntypedFunc(prometheus.UntypedOpts(o), f)
			},
		},
	} {
		t.Run(kind.name, func(t *testing.T) {
			var value float64
			opts := prometheus.Opts{
				Namespace: "n", Subsystem: "s", Name: "m", Help: "h", ConstLabels: prometheus.Labels{"b": "2", "a": "1"},
			}
			ours := kind.ours(opts, func() float64 { return value })
			theirs := kind.theirs(opts, func() float64 { return value })
			if got, want := ours.Desc().String(), theirs.Desc().String(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			for _, value = range []float64{0, 1, -2.5, math.MaxFloat64, math.Inf(1), math.NaN()} {
				sameMetric(t, ours, theirs)
				if all := collected(t, ours.(prometheus.Collector)); len(all) != 1 {
					t.Errorf("collected %v", all)
				}
			}
		})
	}
}

// TestFuncThatPanics checks that a function that panics costs only its own series.
func TestFuncThatPanics(t *testing.T) {
	registry := metric.NewRegistry()
	registry.MustRegister(
		metric.NewGaugeFunc(metric.GaugeOpts{Name: "bad"}, func() float64 { panic(errTest) }),
		metric.NewGaugeFunc(metric.GaugeOpts{Name: "good"}, func() float64 { return 1 }),
	)
	families, err := registry.Gather()
	if len(families) != 1 || families[0].GetName() != "good" {
		t.Errorf("gathered %v", families)
	}
	var panicked *metric.PanicError
	if !errors.As(err, &panicked) || !errors.Is(err, errTest) {
		t.Errorf("got error %v", err)
	}
}
