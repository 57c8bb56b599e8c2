package metric_test

import (
	"fmt"
	"testing"

	"github.com/luxfi/metric"
)

// TestInstrumentsDoNotAllocate checks that updating an instrument does not allocate.
func TestInstrumentsDoNotAllocate(t *testing.T) {
	counter := metric.NewCounter(metric.CounterOpts{Name: "c"})
	gauge := metric.NewGauge(metric.GaugeOpts{Name: "g"})
	classic := metric.NewHistogram(metric.HistogramOpts{Name: "h"})
	many := metric.NewHistogram(metric.HistogramOpts{Name: "h", Buckets: manyBounds})
	native := metric.NewHistogram(metric.HistogramOpts{Name: "h", NativeHistogramBucketFactor: 1.1})
	limited := metric.NewHistogram(metric.HistogramOpts{
		Name: "h", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 10,
	})
	summary := metric.NewSummary(metric.SummaryOpts{Name: "s"})
	state := metric.NewStateSet(metric.StateSetOpts{Name: "st", States: []string{"off", "on"}})
	states := metric.NewStateSetVec(metric.StateSetOpts{Name: "st", States: []string{"off", "on"}}, []string{"a"})
	for name, f := range map[string]func(){
		"Set of a state set":            func() { state.Set("on"); state.Set("off"); _ = state.TrySet("on") },
		"Enable and Disable":            func() { state.Enable("off"); state.Disable("on") },
		"State":                         func() { _ = state.Has("on"); _ = state.State() },
		"Set in a vector of state sets": func() { states.WithLabelValues("b").Set("on") },
		"Inc":                           counter.Inc,
		"Add":                           func() { counter.Add(3) },
		"Add a fraction":                func() { counter.Add(0.5) },
		"Get":                           func() { counter.Get() },
		"Set":                           func() { gauge.Set(1.5) },
		"Inc of a gauge":                gauge.Inc,
		"Add to a gauge":                func() { gauge.Add(1.5) },
		"SetToCurrentTime":              gauge.SetToCurrentTime,
		"Observe":                       func() { classic.Observe(0.7) },
		"Observe into many buckets":     func() { many.Observe(0.7) },
		"Observe natively":              func() { native.Observe(0.7); native.Observe(-3); native.Observe(0) },
		"Observe natively with limit":   func() { limited.Observe(0.7); limited.Observe(-3); limited.Observe(0) },
		"ObserveN":                      func() { classic.(metric.ObserverN).ObserveN(0.7, 3) },
		"ObserveN natively with limit":  func() { limited.(metric.ObserverN).ObserveN(0.7, 3) },
		"Observe without objectives":    func() { summary.Observe(0.7) },
		"Observe with exemplar of nil":  func() { classic.(metric.ExemplarObserver).ObserveWithExemplar(0.7, nil) },
	} {
		t.Run(name, func(t *testing.T) { wantAllocs(t, 0, f) })
	}
}

// TestVecsDoNotAllocate checks that looking up a series does not allocate, for any number of labels.
func TestVecsDoNotAllocate(t *testing.T) {
	const value = "a value that is neither short nor a constant of the map" // longer than one comparison covers
	for _, n := range []int{0, 1, 2, 4, 8} {
		var names, values []string
		labels := metric.Labels{}
		for i := range n {
			names = append(names, fmt.Sprintf("label%d", i))
			values = append(values, fmt.Sprint(value, i))
			labels[names[i]] = values[i]
		}
		counters := metric.NewCounterVec(metric.CounterOpts{Name: "c"}, names)
		histograms := metric.NewHistogramVec(metric.HistogramOpts{Name: "h"}, names)
		t.Run(fmt.Sprintf("%d labels", n), func(t *testing.T) {
			t.Run("WithLabelValues", func(t *testing.T) { wantAllocs(t, 0, func() { counters.WithLabelValues(values...).Inc() }) })
			t.Run("With", func(t *testing.T) { wantAllocs(t, 0, func() { counters.With(labels).Inc() }) })
			t.Run("histogram", func(t *testing.T) { wantAllocs(t, 0, func() { histograms.WithLabelValues(values...).Observe(1) }) })
			if n < 2 {
				return
			}
			curried := counters.MustCurryWith(metric.Labels{names[1]: values[1]})
			rest := append([]string{values[0]}, values[2:]...)
			t.Run("curried", func(t *testing.T) { wantAllocs(t, 0, func() { curried.WithLabelValues(rest...).Inc() }) })
		})
	}
}

// TestVecArgumentsDoNotEscape checks that the slice or map that the caller creates for a lookup does not
// escape.
func TestVecArgumentsDoNotEscape(t *testing.T) {
	counters := metric.NewCounterVec(metric.CounterOpts{Name: "c"}, []string{"a", "b", "c", "d"})
	summaries := metric.NewSummaryVec(metric.SummaryOpts{Name: "s"}, []string{"a", "b"})
	curried := counters.MustCurryWith(metric.Labels{"b": "2", "d": "4"})
	value := fmt.Sprint(1)
	for name, f := range map[string]func(){
		"WithLabelValues":         func() { counters.WithLabelValues(value, "2", "3", "4").Inc() },
		"With":                    func() { counters.With(metric.Labels{"a": value, "b": "2", "c": "3", "d": "4"}).Inc() },
		"GetMetricWith":           func() { _, _ = counters.GetMetricWith(metric.Labels{"a": value, "b": "2", "c": "3", "d": "4"}) },
		"summary":                 func() { summaries.WithLabelValues(value, "2").Observe(1) },
		"curried WithLabelValues": func() { curried.WithLabelValues(value, "3").Inc() },
		"curried With":            func() { curried.With(metric.Labels{"a": value, "c": "3"}).Inc() },
	} {
		t.Run(name, func(t *testing.T) { wantAllocs(t, 0, f) })
	}
}
