package metric_test

import (
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/luxfi/metric"
)

// powers are bounds and values at once, so that the buckets determine the sum.
var powers = prometheus.ExponentialBuckets(1, 2, 12)

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

// nativeCount returns the sum of the native buckets.
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

// TestHistogramWholeInScrapes is like TestHistogramIsWhole of internal/instrument, in scrapes.
func TestHistogramWholeInScrapes(t *testing.T) {
	registry := metric.NewRegistry()
	vec := metric.NewHistogramVec(metric.HistogramOpts{Name: "h", Buckets: powers, NativeHistogramBucketFactor: 1.1}, []string{"a"})
	registry.MustRegister(vec)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 3000 {
				vec.WithLabelValues([]string{"x", "y", "z"}[i%3]).Observe(powers[i%len(powers)])
			}
		})
	}
	for range 100 {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.Metric {
				checkWhole(t, m.GetHistogram())
			}
		}
		served, err := readBack(request(metric.HandlerFor(registry)))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range served["h"].GetMetric() {
			h := m.GetHistogram()
			if inf := h.Bucket[len(powers)]; inf.GetCumulativeCount() != h.GetSampleCount() {
				t.Errorf("count %d, but that of +Inf is %d", h.GetSampleCount(), inf.GetCumulativeCount())
			}
			h.Bucket = h.Bucket[:len(powers)]
			checkWhole(t, h)
		}
	}
	wg.Wait()
}
