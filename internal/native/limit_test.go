package native_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/native"
)

// TestEqualsClientGolang checks the promise of this package: for any observations, configuration, times and
// distribution among stripes, the buckets are the same as in client_golang.
func TestEqualsClientGolang(t *testing.T) {
	sequences := 1000
	if testing.Short() {
		sequences = 100
	}
	var remedies [native.WiderBuckets + 1]int
	for seed := range sequences {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 0))
			h := sameAsClient(t, random, randomOptions(random))
			for i, n := range h.remedies {
				remedies[i] += n
			}
		})
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
	for remedy, n := range remedies {
		if n < sequences/10 {
			t.Errorf("remedy %d was tried only %d times", remedy, n)
		}
	}
}

func sameAsClient(t *testing.T, random *rand.Rand, o native.Options) *histogram {
	stripes := pick(random, 1, 1, 2, 5)
	h, client := newHistogram(o, stripes), clientHistogram(o)
	next := randomValues(random)
	pause := pick(random, 0, 0.01, 0.1)
	scrape := pick(random, 0.01, 0.2, 1)
	for range 50 + random.IntN(300) {
		v := next()
		h.observe(v, random.IntN(stripes))
		client.Observe(v)
		if random.Float64() < pause {
			time.Sleep(pick(random, time.Millisecond, time.Second, 20*time.Second, 2*time.Minute, time.Hour))
			synctest.Wait()
		}
		if random.Float64() < scrape {
			compare(t, h, client)
		}
	}
	compare(t, h, client)
	return h
}

func FuzzEqualsClientGolang(f *testing.F) {
	f.Add(uint64(1), 1.1, 0.0, 1.0, uint32(10), int64(time.Minute))
	f.Add(uint64(2), 1.002, -1.0, 0.0, uint32(3), int64(0))
	f.Fuzz(func(t *testing.T, seed uint64, factor, threshold, maxThreshold float64, maxBuckets uint32, minReset int64) {
		if !(factor > 1) || !(max(threshold, maxThreshold) < math.MaxFloat64) {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			sameAsClient(t, rand.New(rand.NewPCG(seed, 1)), native.Options{
				BucketFactor: factor, ZeroThreshold: threshold, MaxZeroThreshold: maxThreshold,
				MaxBuckets: maxBuckets % 64, MinReset: time.Duration(minReset),
			})
		})
	})
}

func TestLimiter(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	type step struct {
		after   time.Duration // time since the start
		observe float64
		check   bool
		remedy  native.Remedy
		resetIn time.Duration
		buckets int
	}
	for _, test := range []struct {
		name    string
		options native.Options
		steps   []step
	}{{
		name:    "a reset is due",
		options: native.Options{BucketFactor: 2, MaxBuckets: 2, MinReset: time.Minute},
		steps: []step{
			{0, 1, true, native.NoRemedy, 0, 1},
			{0, 2, true, native.NoRemedy, 0, 2},
			{0, 2, false, native.NoRemedy, 0, 2},
			{time.Minute, 4, true, native.FullReset, 0, 0},
		},
	}, {
		name:    "a reset comes later",
		options: native.Options{BucketFactor: 2, MaxBuckets: 2, MinReset: time.Minute, MaxZeroThreshold: 3},
		steps: []step{
			{0, 1, true, native.NoRemedy, 0, 1},
			{0, 4, true, native.NoRemedy, 0, 2},
			{10 * time.Second, 64, true, native.WiderZero, 50 * time.Second, 2},
			{20 * time.Second, 1, true, native.NoRemedy, 0, 2}, // The remedy is checked; 1 is in the zero bucket.
			{20 * time.Second, 1, false, native.NoRemedy, 0, 2},
			{30 * time.Second, 256, true, native.WiderBuckets, 0, 3},
			{40 * time.Second, 256, true, native.WiderBuckets, 0, 2},
			{2 * time.Minute, 0x1p100, true, native.WiderBuckets, 0, 2}, // The scheduled reset is late.
		},
	}, {
		name:    "nothing helps",
		options: native.Options{BucketFactor: 65536, MaxBuckets: 1},
		steps: []step{
			{0, 1e-30, true, native.NoRemedy, 0, 1},
			{0, 1e+30, true, native.NoRemedy, 0, 2},
			{time.Hour, 1, true, native.NoRemedy, 0, 3},
			{time.Hour, 1, false, native.NoRemedy, 0, 3},
		},
	}, {
		name:    "no limit",
		options: native.Options{BucketFactor: 2, MaxZeroThreshold: 100},
		steps: []step{
			{0, 1, true, native.NoRemedy, 0, 1},
			{0, 2, true, native.NoRemedy, 0, 2},
			{0, -2, true, native.NoRemedy, 0, 3},
		},
	}} {
		t.Run(test.name, func(t *testing.T) {
			cfg := native.NewConfig(test.options)
			var b native.Buckets
			b.Reset(cfg)
			var l native.Limiter
			l.Init(cfg, start)
			for i, s := range test.steps {
				now := start.Add(s.after)
				check := b.Observe(s.observe)
				remedy, resetIn := native.NoRemedy, time.Duration(0)
				if check {
					remedy, resetIn = l.Apply([]*native.Buckets{&b}, now)
				}
				got := step{s.after, s.observe, check, remedy, resetIn, b.Len()}
				if got != s {
					t.Fatalf("step %d: got %+v, want %+v", i, got, s)
				}
			}
		})
	}
}

func TestLimiterReset(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	h := newHistogram(native.Options{BucketFactor: 2, MaxBuckets: 1, MinReset: time.Minute}, 2)
	h.limiter.Init(h.cfg, start)
	h.stripes[0].Observe(1)
	h.stripes[1].Observe(100)
	if remedy, resetIn := h.limiter.Apply(h.stripes, start); remedy != native.WiderBuckets || resetIn != time.Minute {
		t.Fatalf("remedy %d, reset in %v", remedy, resetIn)
	}
	h.limiter.Reset(h.stripes, start.Add(time.Minute))
	for _, b := range h.stripes {
		if b.Len() != 0 {
			t.Error("a stripe has not been reset")
		}
	}
	if !h.limiter.LastReset().Equal(start.Add(time.Minute)) {
		t.Errorf("the last reset was at %v", h.limiter.LastReset())
	}
	h.stripes[0].Observe(1)
	h.stripes[1].Observe(100)
	if remedy, _ := h.limiter.Apply(h.stripes, start.Add(2*time.Minute)); remedy != native.FullReset {
		t.Errorf("remedy %d instead of another full reset", remedy)
	}
}

// TestLateStripe checks that a new stripe can be added to a histogram that has become coarser.
func TestLateStripe(t *testing.T) {
	o := native.Options{BucketFactor: 1.1, MaxBuckets: 3, MaxZeroThreshold: 0.02}
	h, client := newHistogram(o, 1), clientHistogram(o)
	observe := func(v float64, stripe int) { h.observe(v, stripe); client.Observe(v) }
	for _, v := range []float64{0.01, 1, 2, 4, 8, 16, 32, 64} {
		observe(v, 0)
	}
	late := new(native.Buckets)
	late.Reset(h.cfg)
	h.stripes = append(h.stripes, late)
	for i, v := range []float64{0.01, 1, 2, 4, 8, 16, 32, 64, 128, 1e4, 1e8, 1e16, 1e32} {
		t.Run(fmt.Sprint(v), func(t *testing.T) {
			observe(v, i%2)
			h.limiter.Init(h.cfg, clientWrite(t, client).GetCreatedTimestamp().AsTime())
			compare(t, h, client)
		})
	}
}
