package instrument

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// powers are both bounds and observed values: the sum follows from the buckets.
var powers = prometheus.ExponentialBuckets(1, 2, 12)

// wholeOptions are options of histograms in which readers must never see half an observation.
var wholeOptions = []struct {
	name   string
	opts   prometheus.HistogramOpts
	resets bool
}{
	{"classic", prometheus.HistogramOpts{Buckets: powers}, false},
	{"native and classic", prometheus.HistogramOpts{Buckets: powers, NativeHistogramBucketFactor: 1.1}, false},
	{"limited", prometheus.HistogramOpts{
		Buckets: powers, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 4, NativeHistogramMaxZeroThreshold: 8,
	}, false},
	{"with resets", prometheus.HistogramOpts{
		Buckets: powers, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 4, NativeHistogramMinResetDuration: time.Millisecond,
	}, true},
	{"with resets all the time", prometheus.HistogramOpts{
		Buckets: powers, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 4, NativeHistogramMinResetDuration: -1,
	}, true},
}

// TestHistogramIsWhole checks law 8: while many goroutines observe, each result that others read is
// consistent, and in the end no observation is lost.
func TestHistogramIsWhole(t *testing.T) {
	const goroutines, rounds = 8, 3000
	for _, tt := range wholeOptions {
		for name, prepare := range map[string]func(*Histogram){
			"":                         func(*Histogram) {},
			" with stripes":            func(h *Histogram) { spread(&h.counts) },
			" that spreads in between": func(h *Histogram) { time.AfterFunc(time.Millisecond, func() { spread(&h.counts) }) },
		} {
			t.Run(tt.name+name, func(t *testing.T) {
				h := NewHistogram(tt.opts)
				prepare(h)
				var observers, readers sync.WaitGroup
				for g := range goroutines {
					observers.Go(func() {
						for i := range rounds {
							h.Observe(powers[(i*(g+1))%len(powers)])
						}
					})
				}
				done := make(chan struct{})
				readers.Go(func() { readWhole(t, h, tt.resets, done) })
				readers.Go(func() { readWhole(t, h, tt.resets, done) })
				observers.Wait()
				close(done)
				readers.Wait()

				got := written(t, h).GetHistogram()
				checkWhole(t, got)
				if n := got.GetSampleCount(); !tt.resets && n != goroutines*rounds {
					t.Errorf("in the end %d observations are left of %d", n, goroutines*rounds)
				}
			})
		}
	}
}

// readWhole reads h until done is closed, and once more.
func readWhole(t *testing.T, h *Histogram, resets bool, done <-chan struct{}) {
	var (
		last    uint64
		created time.Time
	)
	for more := true; more; {
		select {
		case <-done:
			more = false
		default:
		}
		got := written(t, h).GetHistogram()
		checkWhole(t, got)
		if n := got.GetSampleCount(); n < last && !resets {
			t.Errorf("the count went down from %d to %d", last, n)
		}
		if c := got.GetCreatedTimestamp().AsTime(); c.Before(created) {
			t.Errorf("the created timestamp went back from %v to %v", created, c)
		} else {
			created = c
		}
		if last = got.GetSampleCount(); t.Failed() {
			return
		}
	}
}

// checkWhole checks that all parts of h describe the same observations, all of which are powers.
func checkWhole(t *testing.T, h *dto.Histogram) {
	t.Helper()
	var before uint64
	sum := 0.0
	for _, b := range h.GetBucket() {
		sum += float64(b.GetCumulativeCount()-before) * b.GetUpperBound()
		before = b.GetCumulativeCount()
	}
	if h.GetSampleCount() != before || h.GetSampleSum() != sum {
		t.Errorf("count %d and sum %v, but by the buckets it is %d and %v", h.GetSampleCount(), h.GetSampleSum(), before, sum)
	}
	if h.Schema == nil {
		return
	}
	if n := nativeCount(h); n != h.GetSampleCount() {
		t.Errorf("count %d, but by the native buckets it is %d", h.GetSampleCount(), n)
	}
}

// nativeCount adds up the native buckets.
func nativeCount(h *dto.Histogram) uint64 {
	total := h.GetZeroCount()
	for _, deltas := range [][]int64{h.GetPositiveDelta(), h.GetNegativeDelta()} {
		n := int64(0)
		for _, d := range deltas {
			n += d
			total += uint64(n)
		}
	}
	return total
}

// TestHistogramExemplarsAreCounted checks that an exemplar never belongs to an observation that its
// bucket does not contain yet.
func TestHistogramExemplarsAreCounted(t *testing.T) {
	h := NewHistogram(prometheus.HistogramOpts{Name: "h", Buckets: []float64{math.MaxFloat64}, NativeHistogramBucketFactor: 2})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 3000 {
			h.ObserveWithExemplar(float64(i+1), prometheus.Labels{"a": "b"})
		}
	})
	for range 300 {
		got := written(t, h).GetHistogram()
		for _, e := range append(got.GetExemplars(), got.GetBucket()[0].GetExemplar()) {
			if e.GetValue() > float64(got.GetSampleCount()) {
				t.Fatalf("exemplar of observation %v, of which %d are counted", e.GetValue(), got.GetSampleCount())
			}
		}
	}
	wg.Wait()
}
