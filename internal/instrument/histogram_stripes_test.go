package instrument

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestHistogramSpreadsUnderContentionOnly checks that occasional collisions of observations do not
// accumulate to contention, since stripes take much memory.
func TestHistogramSpreadsUnderContentionOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHistogram(prometheus.HistogramOpts{Name: "h"})
		for range 1000 {
			miss(&h.counts)
			time.Sleep(time.Millisecond)
		}
		if h.counts.more.Load() != nil {
			t.Error("rare misses have led to stripes")
		}
		for range 100 {
			miss(&h.counts)
			time.Sleep(10 * time.Microsecond)
		}
		if h.counts.more.Load() == nil {
			t.Error("frequent misses have not led to stripes")
		}
		h.Observe(1)
		time.Sleep(time.Second)
		for range 100 { // These observations were late: they must not replace the stripes.
			miss(&h.counts)
		}
		if n := written(t, h).GetHistogram().GetSampleCount(); n != 1 {
			t.Errorf("of 1 observation there are %d left", n)
		}
	})
}

// miss acts like an observation that has found first locked when there were no stripes, even if there
// are some by now.
func miss(o *observations) {
	o.first.mu.Lock()
	defer o.first.mu.Unlock()
	o.miss()
}

// TestStripesDoNotAllocate checks that an observation into stripes does not allocate.
func TestStripesDoNotAllocate(t *testing.T) {
	h := NewHistogram(prometheus.HistogramOpts{Name: "h"})
	spread(&h.counts)
	if got := testing.AllocsPerRun(200, func() { h.Observe(0.7) }); got != 0 {
		t.Errorf("got %v allocations", got)
	}
}
