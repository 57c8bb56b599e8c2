package bench_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/luxfi/metric"
)

// BenchmarkExpiry compares updates of series that can expire with updates of series that cannot.
func BenchmarkExpiry(b *testing.B) {
	expiries := []struct {
		name  string
		after time.Duration
	}{{"off", 0}, {"on", time.Minute}}
	for _, kind := range []string{"counter", "gauge", "histogram"} {
		for _, expiry := range expiries {
			b.Run("kind="+kind+"/expiry="+expiry.name, func(b *testing.B) {
				hot(b, entrant{ours, func() func(int, int) { return updates(kind, expiry.after) }})
			})
		}
	}
}

// updates returns a function that updates one series of a vector.
func updates(kind string, expiry time.Duration) func(n, _ int) {
	switch kind {
	case "counter":
		v := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"a"})
		v.SetExpiry(expiry)
		c := v.WithLabelValues("x")
		return func(n, _ int) {
			for range n {
				c.Inc()
			}
		}
	case "gauge":
		v := metric.NewGaugeVec(metric.GaugeOpts{Name: "g"}, []string{"a"})
		v.SetExpiry(expiry)
		g := v.WithLabelValues("x")
		return func(n, _ int) {
			for range n {
				g.Set(1)
			}
		}
	default:
		v := metric.NewHistogramVec(metric.HistogramOpts{Name: "h"}, []string{"a"})
		v.SetExpiry(expiry)
		h := v.WithLabelValues("x")
		return func(n, _ int) {
			for range n {
				h.Observe(1)
			}
		}
	}
}

// BenchmarkExpiryScrape compares scrapes of series that can expire with scrapes of series that
// cannot.
func BenchmarkExpiryScrape(b *testing.B) {
	const n = 100_000
	for _, expiry := range []time.Duration{0, time.Minute} {
		b.Run("expiry="+strconv.FormatBool(expiry > 0), func(b *testing.B) {
			r := metric.NewContextRegistry()
			v := metric.NewCounterVec(metric.CounterOpts{Name: "c_total"}, []string{"a"})
			v.SetExpiry(expiry)
			r.MustRegister(v)
			for i := range n {
				v.WithLabelValues(strconv.Itoa(i)).Inc()
			}
			e := exposition{handler: metric.HandlerFor(r)}
			e.scrape(text)
			b.ReportAllocs()
			for b.Loop() {
				e.scrape(text)
			}
			perSeries(b, n)
		})
	}
}
