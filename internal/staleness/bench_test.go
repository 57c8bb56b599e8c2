package staleness_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/staleness"
)

const benchSeries = 100_000

// BenchmarkSame measures pushes of the same series in the same order.
func BenchmarkSame(b *testing.B) { benchmark(b, [][]series{manySeries(benchSeries)}) }

// BenchmarkSameHistograms measures pushes of the same series with twelve buckets each.
func BenchmarkSameHistograms(b *testing.B) {
	all := manySeries(benchSeries)
	for i := range all {
		all[i].shape = classic(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60)
	}
	benchmark(b, [][]series{all})
}

// BenchmarkChurn measures pushes of sorted series of which one in 1,000 is new each time.
func BenchmarkChurn(b *testing.B) {
	all := manySeries(benchSeries)
	pushes := make([][]series, 2)
	for i, p := range all {
		for k := range pushes {
			if i%1000 != k {
				pushes[k] = append(pushes[k], p)
			}
		}
	}
	benchmark(b, pushes)
}

// BenchmarkShuffled measures pushes of the same series in another order each time.
func BenchmarkShuffled(b *testing.B) {
	all := manySeries(benchSeries)
	random := rand.New(rand.NewPCG(1, 2))
	pushes := make([][]series, 8)
	for i := range pushes {
		pushes[i] = shuffled(random, all)
	}
	benchmark(b, pushes)
}

func benchmark(b *testing.B, pushes [][]series) {
	b.ReportAllocs()
	before := heap()
	var h staleness.History
	for i := 0; i < 3*len(pushes); i++ {
		benchRound(&h, pushes[i%len(pushes)])
	}
	kept := float64(heap()-before) / float64(h.Len())

	i := 0
	for b.Loop() {
		benchRound(&h, pushes[i%len(pushes)])
		i++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(pushes[0])), "ns/series")
	b.ReportMetric(kept, "B/series")
	runtime.KeepAlive(pushes)
}

func benchRound(h *staleness.History, points []series) {
	r := h.Begin()
	s := r.Family(requests)
	for i := range points {
		s.Seen(points[i].labels, points[i].shape)
	}
	s.Gone(func(model.Labels, *staleness.Shape, *staleness.Shape) bool { return true })
	r.Commit()
}

// heap returns the number of heap bytes in use.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
