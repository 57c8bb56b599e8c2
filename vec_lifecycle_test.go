package metric_test

import (
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestReplacePartAtLimit replaces the series of a curried vector. It checks that, together with the
// other series, they do not exceed the limit, and that the overflow series loses no counts.
func TestReplacePartAtLimit(t *testing.T) {
	for name, limit := range map[string]func(*metric.CounterVec) *metric.ContextRegistry{
		"of the vector": func(v *metric.CounterVec) *metric.ContextRegistry {
			v.SetLimit(5)
			return registered(t, v)
		},
		"of a registry": func(v *metric.CounterVec) *metric.ContextRegistry {
			return registeredIn(v, metric.WithSeriesLimit(5))
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := metric.NewCounterVec(metric.CounterOpts{Name: "x_total"}, []string{"a", "b"})
			r := limit(v)
			for _, labels := range [][]string{{"x", "1"}, {"x", "2"}, {"y", "1"}, {"y", "2"}, {"y", "3"}} {
				v.WithLabelValues(labels...).Inc()
			}
			for range 7 {
				v.WithLabelValues("y", "4").Inc()
			}
			fill := func(part string, n int) {
				v.MustCurryWith(metric.Labels{"a": part}).Replace(func(aside *metric.CounterVec) {
					for i := range n {
						aside.WithLabelValues(strconv.Itoa(i)).Inc()
					}
				})
			}
			check := func(series int, overflow float64) {
				t.Helper()
				all := collected(t, v)
				if len(all) != series {
					t.Errorf("there are %d series, want %d with the overflow series", len(all), series)
				}
				if got := v.WithLabelValues(metric.OverflowValue, metric.OverflowValue).Get(); got != overflow {
					t.Errorf("the overflow series has %v, want %v", got, overflow)
				}
			}
			fill("x", 5)
			check(6, 7+3)
			fill("z", 5) // No room is left.
			check(6, 7+3+5)
			fill("x", 1)
			check(5, 7+3+5)
			fill("z", 5)
			check(6, 7+3+5+4)
			runtime.KeepAlive(r)
		})
	}
}

// TestOverflowOfReplaceIsReported checks that the vector that Replace fills has the limits of the
// vector that it replaces, and counts for it.
func TestOverflowOfReplaceIsReported(t *testing.T) {
	r := metric.NewContextRegistry()
	v := metric.NewGaugeVec(metric.GaugeOpts{Name: "x"}, []string{"a"})
	v.SetLimit(2)
	r.MustRegister(v)
	v.Replace(func(aside *metric.GaugeVec) {
		for i := range 5 {
			aside.WithLabelValues(strconv.Itoa(i)).Set(1)
		}
	})
	vectors := r.Cardinality(1)
	if len(vectors) != 1 || vectors[0].Overflowed != 3 {
		t.Errorf("got %+v, want 3 look-ups that overflowed", vectors)
	}
}

// TestExpiredInfoOverflows checks that a kept info that has no room when it returns changes the
// overflow series, and that this series keeps its variable labels.
func TestExpiredInfoOverflows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := metric.NewInfoVec(metric.InfoOpts{Name: "x"}, []string{"a"}, []string{"version"})
		v.SetExpiry(time.Minute)
		v.SetLimit(1)
		r := registered(t, v)
		kept := v.WithLabelValues("kept")
		kept.Set(metric.Labels{"version": "1"})
		time.Sleep(2 * time.Minute)
		wantExposed(t, r)
		other := v.WithLabelValues("other")
		other.Set(metric.Labels{"version": "2"})
		kept.Set(metric.Labels{"version": "3"})
		wantExposed(t, r, metric.OverflowValue, "other")
		v.DeleteLabelValues("other")
		kept.Set(metric.Labels{"version": "4"})
		wantExposed(t, r, metric.OverflowValue, "kept")
	})
}

// TestOverflowSeriesBegins checks that an overflow series that is created for the counts of an
// expired series has an earlier start timestamp than those.
func TestOverflowSeriesBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := metric.NewCounterVec(metric.CounterOpts{Name: "x_total"}, []string{"a"})
		v.SetExpiry(time.Hour)
		v.SetLimit(1)
		r := registered(t, v)
		kept := v.WithLabelValues("kept")
		time.Sleep(2 * time.Hour)
		wantExposed(t, r)
		v.WithLabelValues("other").Inc()
		scraped := time.Now()
		time.Sleep(time.Second)
		kept.Inc()
		counted := time.Now()
		time.Sleep(time.Second)
		over := scrapeSeries(t, r)[metric.OverflowValue]
		if over.count != 1 || over.created.Before(scraped) || over.created.After(counted) {
			t.Errorf("the overflow series has %v since %v, want 1 since %v", over.count, over.created, scraped)
		}
	})
}

// TestDeletedSeriesAreNotWatched checks that series that are created and deleted between two sweeps
// take no memory.
func TestDeletedSeriesAreNotWatched(t *testing.T) {
	v := metric.NewCounterVec(metric.CounterOpts{Name: "x_total"}, []string{"a"})
	v.SetExpiry(24 * time.Hour)
	before := heapInUse()
	const series = 50_000
	for i := range series {
		name := strconv.Itoa(i)
		v.WithLabelValues(name).Inc()
		v.DeleteLabelValues(name)
	}
	if grown := int64(heapInUse()) - int64(before); grown > series*10 {
		t.Errorf("%d series that are deleted take %d bytes", series, grown)
	}
	runtime.KeepAlive(v)
}

// TestCutSeriesOfMetricVecAreBusy checks that lookups by a value that is cut keep a series alive.
func TestCutSeriesOfMetricVecAreBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desc := metric.NewDesc("x", "", []string{"a"}, nil)
		made := 0
		v := metric.NewMetricVec(desc, func(values ...string) metric.Metric {
			made++
			return metric.MustNewConstMetric(desc, metric.GaugeValue, 1, values...)
		})
		v.SetExpiry(time.Minute)
		v.SetValueLimit(3, metric.TruncateLongValues)
		r := registered(t, v)
		for range 20 {
			if _, err := v.GetMetricWithLabelValues("longer"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		wantExposed(t, r, "lon")
		if made != 1 {
			t.Errorf("the metric expired though it was looked up: %d were made, want 1", made)
		}
	})
}

// TestExpiredHistogramIsNotResetLater has a histogram with too many native buckets that expires before
// its scheduled reset. It checks that later observations stay.
func TestExpiredHistogramIsNotResetLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := metric.NewHistogramVec(metric.HistogramOpts{
			Name: "x", NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 4,
			NativeHistogramMinResetDuration: time.Hour,
		}, []string{"a"})
		v.SetExpiry(time.Minute)
		r := registered(t, v)
		kept := v.WithLabelValues("kept")
		for i := range 10 {
			kept.Observe(float64(i))
		}
		wantExposed(t, r, "kept")
		time.Sleep(59 * time.Minute)
		wantExposed(t, r)
		for range 10 {
			kept.Observe(1)
			time.Sleep(20 * time.Second)
		}
		if got := scrapeSeries(t, r)["kept"].count; got != 10 {
			t.Errorf("the series returned with %v observations, want 10", got)
		}
	})
}
