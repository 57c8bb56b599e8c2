package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// manyCounters returns a family of n counters.
func manyCounters(n int) family {
	points := make([]model.Point, n)
	for i := range points {
		points[i] = number(float64(i), "code", fmt.Sprint(200+i*5/n), "path", fmt.Sprintf("/api/v1/item/%06d", i))
	}
	return counters("http_requests_total", sorted(points)...)
}

// change adds a small integer to one in each points.
func (f family) change(tick, each int) {
	for i := range f.points {
		if (i+tick)%each == 0 {
			f.points[i].Value += float64(1 + (i+tick)%7)
		}
	}
}

func BenchmarkRound(b *testing.B) {
	const n = 50_000
	for _, each := range []int{1, 5, n} {
		b.Run(fmt.Sprintf("changing=1/%d", each), func(b *testing.B) {
			f := manyCounters(n)
			s := store.New(store.Limits{Window: 15 * time.Minute, MaxBytes: 32 << 20})
			at := start
			b.ReportAllocs()
			tick := 0
			for b.Loop() {
				b.StopTimer()
				f.change(tick, each)
				tick++
				at = at.Add(2 * time.Second)
				b.StartTimer()
				r := s.Begin(at)
				_ = r.Family(f.Family)
				for i := 0; i < n; i += 8 {
					_ = r.Batch(f.points[i : i+8])
				}
				r.Commit()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/series")
			b.ReportMetric(float64(s.Usage().Bytes), "bytes")
		})
	}
}

func BenchmarkRange(b *testing.B) {
	const n = 10_000
	f := manyCounters(n)
	s := store.New(store.Limits{Window: 15 * time.Minute})
	at := start
	for tick := range 450 {
		f.change(tick, 1)
		at = at.Add(2 * time.Second)
		sample(s, at, f)
	}
	for _, columns := range []int{1, 100, n} {
		cols := make([]int32, columns)
		for i := range cols {
			cols[i] = int32(i)
		}
		b.Run(fmt.Sprintf("columns=%d", columns), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Range(time.Time{}, cols)
			}
		})
		b.Run(fmt.Sprintf("last/columns=%d", columns), func(b *testing.B) {
			for b.Loop() {
				s.Range(at.Add(-time.Second), cols)
			}
		})
	}
}
