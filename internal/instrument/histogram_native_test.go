package instrument

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// histogramPair passes the same observations to our histogram and client_golang's. Several goroutines
// observe ours in turn, so that it uses several stripes if it has any.
type histogramPair struct {
	ours    *Histogram
	theirs  prometheus.Histogram
	workers []chan float64
	turn    int
	done    chan struct{}
}

// newHistogramPair must be called in a synctest bubble.
func newHistogramPair(t *testing.T, opts prometheus.HistogramOpts, workers int) *histogramPair {
	opts.Name = "h"
	p := &histogramPair{
		ours: NewHistogram(opts), theirs: prometheus.NewHistogram(opts), done: make(chan struct{}),
	}
	for range workers {
		values := make(chan float64)
		t.Cleanup(func() { close(values) })
		p.workers = append(p.workers, values)
		go func() {
			for v := range values {
				p.ours.Observe(v)
				p.done <- struct{}{}
			}
		}()
	}
	return p
}

func (p *histogramPair) observe(v float64) {
	p.theirs.Observe(v)
	p.workers[p.turn%len(p.workers)] <- v
	p.turn++
	<-p.done
}

// TestNativeHistogramLimit checks all remedies for too many buckets.
func TestNativeHistogramLimit(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts prometheus.HistogramOpts
	}{
		{"reset", prometheus.HistogramOpts{NativeHistogramMinResetDuration: time.Minute}},
		{"always reset", prometheus.HistogramOpts{NativeHistogramMinResetDuration: -1}},
		{"wider zero bucket", prometheus.HistogramOpts{NativeHistogramMaxZeroThreshold: 16}},
		{"wider buckets", prometheus.HistogramOpts{}},
		{"scheduled reset", prometheus.HistogramOpts{NativeHistogramMinResetDuration: time.Hour, NativeHistogramMaxZeroThreshold: 0.5}},
		{"with classic buckets", prometheus.HistogramOpts{NativeHistogramMinResetDuration: time.Minute, Buckets: []float64{1, 8}}},
	} {
		for _, stripes := range []bool{false, true} {
			t.Run(tt.name+map[bool]string{true: " with stripes"}[stripes], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					tt.opts.NativeHistogramBucketFactor = 1.2
					tt.opts.NativeHistogramMaxBucketNumber = 4
					p := newHistogramPair(t, tt.opts, 6)
					if stripes {
						spread(&p.ours.counts)
					}
					created := written(t, p.ours).GetHistogram().GetCreatedTimestamp().AsTime()
					for _, v := range []float64{1.0 / 128, 1, -1, 2, 3, 4, -5, 60, 700, 8000, -90000, math.NaN(), 0, math.Inf(1), 1e200, 1e-200} {
						time.Sleep(7 * time.Second)
						p.observe(v)
						sameMetric(t, p.ours, p.theirs)
					}
					time.Sleep(2 * time.Hour) // A scheduled reset takes place.
					synctest.Wait()
					sameMetric(t, p.ours, p.theirs)
					p.observe(5)
					sameMetric(t, p.ours, p.theirs)
					moved := written(t, p.ours).GetHistogram().GetCreatedTimestamp().AsTime().After(created)
					if want := tt.opts.NativeHistogramMinResetDuration != 0; moved != want {
						t.Errorf("the created timestamp has moved: %v, want %v", moved, want)
					}
				})
			})
		}
	}
}

// TestHistogramProperty checks that a histogram equals client_golang's for any observations, times, stripes
// and options.
func TestHistogramProperty(t *testing.T) {
	sequences := 300
	if testing.Short() {
		sequences = 50
	}
	for seed := range sequences {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			p := newHistogramPair(t, randomHistogramOpts(random), 4)
			spreadAt := random.IntN(200) // Some histograms never get stripes.
			for i := range 20 + random.IntN(100) {
				if i == spreadAt {
					spread(&p.ours.counts)
				}
				p.observe(randomValue(random))
				if random.IntN(10) == 0 {
					time.Sleep(time.Duration(random.ExpFloat64() * float64(time.Minute)))
					synctest.Wait()
				}
				if random.IntN(5) == 0 {
					sameMetric(t, p.ours, p.theirs)
				}
			}
			sameMetric(t, p.ours, p.theirs)
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func randomHistogramOpts(random *rand.Rand) prometheus.HistogramOpts {
	var opts prometheus.HistogramOpts
	if random.IntN(2) == 0 {
		opts.Buckets = prometheus.ExponentialBuckets(0.001, 1+random.Float64(), 1+random.IntN(60))
	}
	if random.IntN(4) == 0 {
		return opts
	}
	opts.NativeHistogramBucketFactor = 1 + random.ExpFloat64()
	opts.NativeHistogramZeroThreshold = []float64{0, 0.1, prometheus.NativeHistogramZeroThresholdZero}[random.IntN(3)]
	opts.NativeHistogramMaxBucketNumber = []uint32{0, 1, 5, 20}[random.IntN(4)]
	opts.NativeHistogramMinResetDuration = []time.Duration{0, time.Second, time.Hour}[random.IntN(3)]
	opts.NativeHistogramMaxZeroThreshold = []float64{0, 0.5, 100}[random.IntN(3)]
	return opts
}

// randomValue returns an unusual value, a whole number, or a value of a random magnitude. Stripes do
// not keep the order, so the sum of these values is exact in any order.
func randomValue(random *rand.Rand) float64 {
	switch random.IntN(10) {
	case 0:
		return []float64{0, math.Inf(1), math.Inf(-1), math.NaN()}[random.IntN(4)]
	case 1:
		return float64(random.IntN(20) - 10)
	default:
		return math.Ldexp(float64(1+random.IntN(15)), random.IntN(24)-12) * float64(1-2*random.IntN(2))
	}
}
