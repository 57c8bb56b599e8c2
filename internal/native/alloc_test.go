package native_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/native"
)

// latencies are typical latencies of a service in seconds, spread over two or three octaves around a
// hundred milliseconds, with a long tail.
func latencies() []float64 {
	random := rand.New(rand.NewPCG(7, 8))
	values := make([]float64, 1<<14)
	for i := range values {
		values[i] = 0.1 * math.Exp(random.NormFloat64())
	}
	return values
}

func wantAllocs(t *testing.T, want float64, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(100, f); got != want {
		t.Errorf("%v allocations, want %v", got, want)
	}
}

func TestAllocations(t *testing.T) {
	latencies := latencies()
	cfg := native.Config{Schema: 3, MaxBuckets: 1000}
	stripes := []*native.Buckets{bucketsOf(cfg, latencies[:8000]...), bucketsOf(cfg, latencies[8000:]...)}

	t.Run("Observe", func(t *testing.T) {
		i := 0
		wantAllocs(t, 0, func() {
			stripes[0].Observe(latencies[i%8000])
			i++
		})
	})
	t.Run("Observe after Reset", func(t *testing.T) {
		b := bucketsOf(cfg, latencies...)
		wantAllocs(t, 0, func() {
			b.Reset(&cfg)
			for _, v := range latencies[:100] {
				b.Observe(v)
			}
		})
	})
	t.Run("Merger", func(t *testing.T) {
		var m native.Merger
		var h model.NativeHistogram
		wantAllocs(t, 0, func() {
			m.Reset()
			for _, b := range stripes {
				m.Add(b)
			}
			m.Write(&h)
		})
	})
	t.Run("Exemplars.Snapshot", func(t *testing.T) {
		e := newExemplars(native.Options{})
		for _, v := range latencies {
			e.Add(exemplarNow(v))
		}
		var dst []*model.Exemplar
		wantAllocs(t, 0, func() { dst = e.Snapshot(dst[:0]) })
	})
	t.Run("Exemplars.Add", func(t *testing.T) {
		e := newExemplars(native.Options{})
		x := exemplarNow(1)
		wantAllocs(t, 0, func() { e.Add(x) })
	})
}
