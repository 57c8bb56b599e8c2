package instrument

import (
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestSummaryIsWhole is TestHistogramIsWhole for summaries: all observed values are 1.
func TestSummaryIsWhole(t *testing.T) {
	const goroutines, rounds = 8, 2000
	for name, opts := range map[string]prometheus.SummaryOpts{
		"without objectives": {},
		"with objectives":    {Objectives: map[float64]float64{0.5: 0.05, 0.9: 0.01, 0.99: 0.001}, MaxAge: 50 * time.Millisecond, BufCap: 64},
	} {
		for _, stripes := range []bool{false, true} {
			if stripes && opts.Objectives != nil {
				continue
			}
			t.Run(name+map[bool]string{true: " with stripes"}[stripes], func(t *testing.T) {
				opts.Name = "s"
				s := NewSummary(opts)
				if stripes {
					spread(&s.plain)
				}
				var wg sync.WaitGroup
				for range goroutines {
					wg.Go(func() {
						for range rounds {
							s.Observe(1)
						}
					})
				}
				last := uint64(0)
				for range 300 {
					got := written(t, s).GetSummary()
					if got.GetSampleSum() != float64(got.GetSampleCount()) || got.GetSampleCount() < last {
						t.Fatalf("count %d after %d, and sum %v", got.GetSampleCount(), last, got.GetSampleSum())
					}
					last = got.GetSampleCount()
				}
				wg.Wait()
				if got := written(t, s).GetSummary(); got.GetSampleCount() != goroutines*rounds {
					t.Errorf("in the end %d observations are left of %d", got.GetSampleCount(), goroutines*rounds)
				}
			})
		}
	}
}
