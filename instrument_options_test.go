package metric_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/luxfi/metric"
)

// TestSummaryObjectives checks which objectives are allowed.
func TestSummaryObjectives(t *testing.T) {
	for _, test := range []struct {
		objectives map[float64]float64
		want       string // part of the panic, or empty if the options are valid
	}{
		{nil, ""},
		{map[float64]float64{0: 0, 0.5: 0.05, 0.99: 0.001, 1: 0}, ""},
		{map[float64]float64{0.5: 1}, ""},
		{map[float64]float64{50: 5, 99: 0.1}, `summary "s": the objective {50: 5} has a quantile that is not from 0 to 1, such as 0.99`},
		{map[float64]float64{0.5: 0.05, -0.1: 0.1}, `summary "s": the objective {-0.1: 0.1} has a quantile`},
		{map[float64]float64{math.NaN(): 0.1}, `summary "s": the objective {NaN:`},
		{map[float64]float64{math.Inf(1): 0.1}, `summary "s": the objective {+Inf: 0.1} has a quantile`},
		{map[float64]float64{0.5: -0.1}, `summary "s": the objective {0.5: -0.1} has an error that is not from 0 to 1, such as 0.001`},
		{map[float64]float64{0.5: 5}, `summary "s": the objective {0.5: 5} has an error`},
		{map[float64]float64{0.5: math.NaN()}, `summary "s": the objective {0.5: NaN} has an error`},
	} {
		opts := metric.SummaryOpts{Name: "s", Objectives: test.objectives}
		checkConstructors(t, fmt.Sprint(test.objectives), test.want, func() metric.Collector {
			s := metric.NewSummary(opts)
			s.Observe(1)
			return s
		}, func() metric.Collector {
			v := metric.NewSummaryVec(opts, []string{"l"})
			v.WithLabelValues("v").Observe(1)
			return v
		})
	}
}

// TestHistogramOptions checks which options of histograms are allowed.
func TestHistogramOptions(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, test := range map[string]struct {
		opts metric.HistogramOpts
		want string
	}{
		"sorted":               {metric.HistogramOpts{Buckets: []float64{-inf, -1, 0, 5e-324, 1, math.MaxFloat64, inf}}, ""},
		"NaN":                  {metric.HistogramOpts{Buckets: []float64{nan}}, `histogram "h": histogram buckets must be numbers: the upper bound at index 0 is NaN`},
		"NaN in the middle":    {metric.HistogramOpts{Buckets: []float64{1, nan, 2}}, "the upper bound at index 1 is NaN"},
		"NaN at the end":       {metric.HistogramOpts{Buckets: []float64{1, 2, nan}}, "the upper bound at index 2 is NaN"},
		"NaN after +Inf":       {metric.HistogramOpts{Buckets: []float64{1, inf, nan}}, "the upper bound at index 2 is NaN"},
		"unsorted":             {metric.HistogramOpts{Buckets: []float64{2, 1}}, "histogram buckets must be in increasing order: 2.000000 >= 1.000000"},
		"twice":                {metric.HistogramOpts{Buckets: []float64{1, 1}}, "histogram buckets must be in increasing order"},
		"zero twice":           {metric.HistogramOpts{Buckets: []float64{math.Copysign(0, -1), 0}}, "histogram buckets must be in increasing order"},
		"+Inf in the middle":   {metric.HistogramOpts{Buckets: []float64{1, inf, 2}}, "histogram buckets must be in increasing order"},
		"+Inf twice":           {metric.HistogramOpts{Buckets: []float64{1, inf, inf}}, "histogram buckets must be in increasing order"},
		"linear, NaN":          {metric.HistogramOpts{Buckets: metric.LinearBuckets(nan, 1, 3)}, "is NaN"},
		"linear, no width":     {metric.HistogramOpts{Buckets: metric.LinearBuckets(1, 0, 3)}, "histogram buckets must be in increasing order"},
		"linear, infinite":     {metric.HistogramOpts{Buckets: metric.LinearBuckets(-inf, inf, 3)}, "is NaN"},
		"exponential, NaN":     {metric.HistogramOpts{Buckets: metric.ExponentialBuckets(1, nan, 3)}, "is NaN"},
		"exponential, beyond":  {metric.HistogramOpts{Buckets: metric.ExponentialBuckets(1, 1e200, 4)}, "histogram buckets must be in increasing order"},
		"range, NaN":           {metric.HistogramOpts{Buckets: metric.ExponentialBucketsRange(1, nan, 3)}, "is NaN"},
		"native, too":          {metric.HistogramOpts{Buckets: []float64{nan}, NativeHistogramBucketFactor: 2}, "is NaN"},
		"factor NaN":           {metric.HistogramOpts{NativeHistogramBucketFactor: nan}, `histogram "h": NativeHistogramBucketFactor is NaN`},
		"factor infinite":      {metric.HistogramOpts{NativeHistogramBucketFactor: inf}, ""},
		"factor negative":      {metric.HistogramOpts{NativeHistogramBucketFactor: -2}, ""},
		"zero threshold NaN":   {native(metric.HistogramOpts{NativeHistogramZeroThreshold: nan}), `histogram "h": NativeHistogramZeroThreshold is NaN`},
		"zero threshold +Inf":  {native(metric.HistogramOpts{NativeHistogramZeroThreshold: inf}), `NativeHistogramZeroThreshold is +Inf`},
		"no zero threshold":    {native(metric.HistogramOpts{NativeHistogramZeroThreshold: -1}), ""},
		"widest threshold NaN": {native(metric.HistogramOpts{NativeHistogramMaxZeroThreshold: nan}), `NativeHistogramMaxZeroThreshold is NaN`},
		"no exemplars":         {native(metric.HistogramOpts{NativeHistogramMaxExemplars: -1, NativeHistogramMaxBucketNumber: 1, NativeHistogramMinResetDuration: -1}), ""},
	} {
		test.opts.Name = "h"
		checkConstructors(t, name, test.want, func() metric.Collector {
			h := metric.NewHistogram(test.opts)
			observeMany(h)
			return h
		}, func() metric.Collector {
			v := metric.NewHistogramVec(test.opts, []string{"l"})
			observeMany(v.WithLabelValues("v"))
			return v
		})
	}
}

func native(opts metric.HistogramOpts) metric.HistogramOpts {
	opts.NativeHistogramBucketFactor = 1.1
	return opts
}

func observeMany(o metric.Observer) {
	for _, v := range []float64{0, 1, -1, 1e-300, 1e300, math.Inf(1), math.Inf(-1), math.NaN()} {
		o.Observe(v)
	}
}

// checkConstructors checks that constructors panic, or that their instruments can be gathered.
func checkConstructors(t *testing.T, name, want string, constructors ...func() metric.Collector) {
	t.Helper()
	for i, construct := range constructors {
		var c metric.Collector
		panicked := recovered(func() { c = construct() })
		switch {
		case want == "" && panicked != nil:
			t.Errorf("%s, constructor %d: panic: %v", name, i, panicked)
		case want != "" && (panicked == nil || !strings.Contains(fmt.Sprint(panicked), want)):
			t.Errorf("%s, constructor %d: panic %v, want … %s …", name, i, panicked, want)
		case want == "":
			r := metric.NewContextRegistry()
			r.MustRegister(c)
			if families, err := r.Gather(); err != nil || len(families) != 1 {
				t.Errorf("%s, constructor %d: gathered %v and %v", name, i, families, err)
			}
		}
	}
}
