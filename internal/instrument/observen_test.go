package instrument

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestObserveN checks that ObserveN(v, n) has the same result as n calls of Observe(v), for any values,
// times, stripes and options.
func TestObserveN(t *testing.T) {
	sequences := 300
	if testing.Short() {
		sequences = 50
	}
	for seed := range sequences {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 2))
			opts := randomHistogramOpts(random)
			opts.Name = "m"
			atOnce, single := NewHistogram(opts), NewHistogram(opts)
			spreadAt := random.IntN(100) // Some histograms never get stripes.
			for i := range 20 + random.IntN(60) {
				if i == spreadAt {
					spread(&atOnce.counts)
				}
				v, n := randomValue(random), random.IntN(12)
				atOnce.ObserveN(v, uint64(n))
				for range n {
					single.Observe(v)
				}
				if random.IntN(10) == 0 {
					time.Sleep(time.Duration(random.ExpFloat64() * float64(time.Minute)))
					synctest.Wait()
				}
				if random.IntN(5) == 0 {
					sameMetric(t, atOnce, single)
				}
			}
			sameMetric(t, atOnce, single)
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func TestObserveNExact(t *testing.T) {
	const n = 1 << 40
	for name, tt := range map[string]struct {
		v     float64
		times []uint64
	}{
		"none":          {1, []uint64{0}},
		"very many":     {0.5, []uint64{n, 0, n}},
		"NaN":           {math.NaN(), []uint64{3}},
		"infinity":      {math.Inf(1), []uint64{3, 4}},
		"minus":         {math.Inf(-1), []uint64{3}},
		"zero":          {0, []uint64{3, 5}},
		"negative zero": {math.Copysign(0, -1), []uint64{3}},
		"overflow":      {math.MaxFloat64, []uint64{2}},
	} {
		t.Run(name, func(t *testing.T) {
			h := NewHistogram(prometheus.HistogramOpts{Name: "m", Buckets: []float64{1}, NativeHistogramBucketFactor: 2, NativeHistogramMaxBucketNumber: 1})
			var total uint64
			sum := 0.0
			for _, times := range tt.times {
				h.ObserveN(tt.v, times)
				total += times
			}
			if total > 0 {
				sum = tt.v * float64(total)
			}
			got := written(t, h).GetHistogram()
			below := total
			if !(tt.v <= 1) {
				below = 0
			}
			native := total
			if math.IsNaN(tt.v) {
				native = 0
			}
			same := got.GetSampleSum() == sum || math.IsNaN(got.GetSampleSum()) && math.IsNaN(sum)
			if got.GetSampleCount() != total || !same || got.GetBucket()[0].GetCumulativeCount() != below || nativeCount(got) != native {
				t.Errorf("got %v; want %d observations, of which %d are in the first bucket and %d in native ones, and the sum %v", got, total, below, native, sum)
			}
		})
	}
}

// TestHistogramIsWholeWithObserveN is like TestHistogramIsWhole, but with ObserveN: a reader sees all n
// observations of a call or none.
func TestHistogramIsWholeWithObserveN(t *testing.T) {
	const goroutines, rounds, n = 8, 1000, 7
	for _, tt := range wholeOptions {
		t.Run(tt.name, func(t *testing.T) {
			h := NewHistogram(tt.opts)
			time.AfterFunc(time.Millisecond, func() { spread(&h.counts) })
			var observers, readers sync.WaitGroup
			for g := range goroutines {
				observers.Go(func() {
					for i := range rounds {
						h.ObserveN(powers[(i*(g+1))%len(powers)], n)
					}
				})
			}
			done := make(chan struct{})
			readers.Go(func() { readWhole(t, h, tt.resets, done) })
			readers.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
					}
					if got := written(t, h).GetHistogram(); got.GetSampleCount()%n != 0 {
						t.Errorf("%d observations were read, which is part of a call", got.GetSampleCount())
						return
					}
				}
			})
			observers.Wait()
			close(done)
			readers.Wait()
			got := written(t, h).GetHistogram()
			checkWhole(t, got)
			if !tt.resets && got.GetSampleCount() != goroutines*rounds*n {
				t.Errorf("in the end %d observations are left of %d", got.GetSampleCount(), goroutines*rounds*n)
			}
		})
	}
}
