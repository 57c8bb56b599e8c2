package metric_test

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestGaugeEqualsClientGolang checks that a gauge of ours and one of client_golang write the same
// metric after the same calls.
func TestGaugeEqualsClientGolang(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(prometheus.Gauge)
	}{
		{"nothing", func(prometheus.Gauge) {}},
		{"Set", func(g prometheus.Gauge) { g.Set(1); g.Set(-2.5) }},
		{"Inc", func(g prometheus.Gauge) { g.Inc(); g.Inc() }},
		{"Dec", func(g prometheus.Gauge) { g.Dec() }},
		{"Add", func(g prometheus.Gauge) { g.Add(0.1); g.Add(0.2); g.Add(-7) }},
		{"Sub", func(g prometheus.Gauge) { g.Sub(0.1); g.Sub(-0.2) }},
		{"huge", func(g prometheus.Gauge) { g.Set(math.MaxFloat64); g.Add(math.MaxFloat64) }},
		{"negative zero", func(g prometheus.Gauge) { g.Set(math.Copysign(0, -1)) }},
		{"infinity", func(g prometheus.Gauge) { g.Set(math.Inf(-1)); g.Inc() }},
		{"infinity minus infinity", func(g prometheus.Gauge) { g.Set(math.Inf(1)); g.Sub(math.Inf(1)) }},
		{"NaN", func(g prometheus.Gauge) { g.Set(math.NaN()); g.Inc() }},
		{"NaN and back", func(g prometheus.Gauge) { g.Add(math.NaN()); g.Set(3) }},
		{"SetToCurrentTime", func(g prometheus.Gauge) { g.SetToCurrentTime() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(123456789 * time.Microsecond)
				opts := metric.GaugeOpts{Name: "g", ConstLabels: metric.Labels{"b": "2", "a": "1"}}
				ours, theirs := metric.NewGauge(opts), prometheus.NewGauge(opts)
				tt.do(ours)
				tt.do(theirs)
				sameMetric(t, ours, theirs)
				want := written(t, theirs).GetGauge().GetValue()
				if got := ours.Get(); math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("Get() = %v, want %v", got, want)
				}
			})
		})
	}
}

// TestGaugeConcurrently checks that no addition is lost when many goroutines add to a gauge.
func TestGaugeConcurrently(t *testing.T) {
	g := metric.NewGauge(metric.GaugeOpts{Name: "g"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				g.Inc()
				g.Add(2.5)
				g.Sub(1.5)
				g.Dec()
			}
		})
	}
	wg.Wait()
	if got := g.Get(); got != 16000 {
		t.Errorf("got %v, want 16000", got)
	}
}
