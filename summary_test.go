package metric_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

var objectives = map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}

// TestSummaryEqualsClientGolang checks that a summary of ours and one of client_golang write the same
// metric after the same calls.
func TestSummaryEqualsClientGolang(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts prometheus.SummaryOpts
	}{
		{"no objectives", prometheus.SummaryOpts{}},
		{"empty objectives", prometheus.SummaryOpts{Objectives: map[float64]float64{}}},
		{"defaults", prometheus.SummaryOpts{Objectives: objectives}},
		{"extreme objectives", prometheus.SummaryOpts{Objectives: map[float64]float64{0: 0, 1: 0, 0.5: 0.5}}},
		{"short window", prometheus.SummaryOpts{Objectives: objectives, MaxAge: 3 * time.Second}},
		{"one age bucket", prometheus.SummaryOpts{Objectives: objectives, MaxAge: time.Minute, AgeBuckets: 1}},
		{"many age buckets", prometheus.SummaryOpts{Objectives: objectives, MaxAge: time.Minute, AgeBuckets: 50}},
		{"no buffer", prometheus.SummaryOpts{Objectives: objectives, BufCap: 1}},
		{"small buffer", prometheus.SummaryOpts{Objectives: objectives, BufCap: 7, MaxAge: time.Minute}},
		{"large buffer", prometheus.SummaryOpts{Objectives: objectives, BufCap: 100000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.opts.Name = "s"
				tt.opts.ConstLabels = prometheus.Labels{"b": "2", "a": "1"}
				ours, theirs := metric.NewSummary(tt.opts), prometheus.NewSummary(tt.opts)
				random := rand.New(rand.NewPCG(1, 2))
				sameMetric(t, ours, theirs)
				for i := range 2000 {
					v := random.NormFloat64()
					ours.Observe(v)
					theirs.Observe(v)
					if i%37 == 0 {
						time.Sleep(time.Duration(random.IntN(20000)) * time.Millisecond)
						synctest.Wait()
					}
					if i%101 == 0 {
						sameMetric(t, ours, theirs)
					}
				}
				for _, v := range oddValues {
					ours.Observe(v)
					theirs.Observe(v)
				}
				sameMetric(t, ours, theirs)
				time.Sleep(24 * time.Hour)
				sameMetric(t, ours, theirs)
			})
		})
	}
}

// TestSummaryDecays checks that quantiles describe the observations in the window, and are NaN when
// it is empty, while count and sum are never reset.
func TestSummaryDecays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := metric.NewSummary(metric.SummaryOpts{
			Name: "s", Objectives: map[float64]float64{0.5: 0.01}, MaxAge: 10 * time.Second, AgeBuckets: 5,
		})
		check := func(count uint64, sum, median float64) {
			t.Helper()
			got := written(t, s).GetSummary()
			q := got.GetQuantile()[0].GetValue()
			if got.GetSampleCount() != count || got.GetSampleSum() != sum || q != median && !(math.IsNaN(q) && math.IsNaN(median)) {
				t.Errorf("got count %d, sum %v, median %v; want %d, %v, %v", got.GetSampleCount(), got.GetSampleSum(), q, count, sum, median)
			}
		}
		check(0, 0, math.NaN())
		s.Observe(1)
		check(1, 1, 1)
		time.Sleep(6 * time.Second)
		s.Observe(100)
		s.Observe(100)
		check(3, 201, 100)
		time.Sleep(5 * time.Second) // The first observation is now too old.
		check(3, 201, 100)
		time.Sleep(7 * time.Second)
		check(3, 201, math.NaN())
		s.Observe(7)
		check(4, 208, 7)
	})
}

// TestSummaryTinyWindow checks a window whose steps are 0, with which client_golang loops forever.
func TestSummaryTinyWindow(t *testing.T) {
	s := metric.NewSummary(metric.SummaryOpts{Name: "s", Objectives: objectives, MaxAge: 1, AgeBuckets: 5})
	for range 1000 {
		s.Observe(1)
	}
	if got := written(t, s).GetSummary(); got.GetSampleCount() != 1000 {
		t.Errorf("got %v", got)
	}
}

// TestSummaryPanics checks that invalid options panic as in client_golang.
func TestSummaryPanics(t *testing.T) {
	for _, tt := range []struct {
		name   string
		opts   prometheus.SummaryOpts
		labels []string
	}{
		{"negative MaxAge", prometheus.SummaryOpts{MaxAge: -time.Second, Objectives: objectives}, nil},
		{"negative MaxAge without objectives", prometheus.SummaryOpts{MaxAge: -1}, nil},
		{"constant label quantile", prometheus.SummaryOpts{ConstLabels: prometheus.Labels{"quantile": "1"}}, nil},
		{"variable label quantile", prometheus.SummaryOpts{}, []string{"a", "quantile"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Name = "s"
			values := make([]string, len(tt.labels))
			samePanic(t,
				func() { metric.NewSummaryVec(tt.opts, tt.labels).WithLabelValues(values...) },
				func() { prometheus.NewSummaryVec(tt.opts, tt.labels).WithLabelValues(values...) },
			)
			if tt.labels == nil {
				samePanic(t, func() { metric.NewSummary(tt.opts) }, func() { prometheus.NewSummary(tt.opts) })
			}
		})
	}
}

// TestSummaryKeepsItsObjectives checks that a summary does not share its objectives with the
// caller.
func TestSummaryKeepsItsObjectives(t *testing.T) {
	given := map[float64]float64{0.5: 0.01}
	opts := metric.SummaryOpts{Name: "s", Objectives: given}
	one, many := metric.NewSummary(opts), metric.NewSummaryVec(opts, []string{"a"})
	clear(given)
	given[0.1] = -1
	for _, s := range []metric.Observer{one, many.WithLabelValues("x")} {
		for i := range 2000 {
			s.Observe(float64(i))
		}
		q := written(t, s).GetSummary().GetQuantile()
		if len(q) != 1 || q[0].GetQuantile() != 0.5 || math.Abs(q[0].GetValue()-1000) > 40 {
			t.Errorf("the objectives of the options are shared: %v", q)
		}
	}
}
