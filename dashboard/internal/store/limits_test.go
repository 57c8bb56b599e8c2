package store_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// heap returns the size of the live heap.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestMemory compares the memory that a store reports with the runtime's figure, and checks limits for both.
func TestMemory(t *testing.T) {
	const n = 10_000
	tests := map[string]struct {
		family family
		each   int // one in each series changes at each tick
		most   int
	}{
		"a fifth changes":   {manyCounters(n), 5, 4 << 20},
		"all change":        {manyCounters(n), 1, 8 << 20},
		"none changes":      {manyCounters(n), 1 << 30, 4 << 20},
		"classic buckets":   {manyHistograms(n/10, false), 1, 8 << 20},
		"native buckets":    {manyHistograms(n/10, true), 1, 8 << 20},
		"long labels":       {family{&model.Family{Name: "a_total"}, []model.Point{number(1, "x", strings.Repeat("x", 1<<20))}}, 1, 2 << 20},
		"a family for each": {family{}, 1, 2 << 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := heap()
			s := store.New(store.Limits{Window: 15 * time.Minute, MaxBytes: 32 << 20})
			for tick := range 90 {
				at := start.Add(time.Duration(tick) * 10 * time.Second)
				if test.family.Family == nil {
					sample(s, at, manyFamilies(n/10)...)
					continue
				}
				sample(s, at, test.family)
				test.family.change(tick, test.each)
			}
			used, said := heap()-before, s.Usage().Bytes
			t.Logf("%d bytes are used, the store says %d", used, said)
			if used > test.most {
				t.Errorf("the store takes %d bytes, want at most %d", used, test.most)
			}
			if said > 2*used || used > 2*said {
				t.Errorf("the store takes %d bytes and says %d", used, said)
			}
			if u := s.Usage(); u.Samples != 90 || !u.From.Equal(start) {
				t.Errorf("usage %+v, want 90 samples", u)
			}
			runtime.KeepAlive(s)
			runtime.KeepAlive(test)
		})
	}
}

func manyHistograms(n int, native bool) family {
	f := family{Family: &model.Family{Name: "h_seconds", Type: model.Histogram}}
	bounds := []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	for i := range n {
		h := &model.HistogramValue{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
		if native {
			h.Native = &model.NativeHistogram{Schema: 3, Positive: model.NativeBuckets{
				Spans: []model.Span{{Offset: 2, Length: 10}}, Deltas: make([]int64, 10),
			}}
			h.Native.Positive.Deltas[0] = 1
		}
		f.points = append(f.points, model.Point{Labels: labelsOf("path", fmt.Sprintf("/api/v1/item/%06d", i)), Histogram: h})
	}
	return f
}

func manyFamilies(n int) []family {
	var families []family
	for i := range n {
		families = append(families, counters(fmt.Sprintf("family_%06d_total", i), number(1)))
	}
	return families
}

// TestMaxBytes checks that the memory stays within its limit if there are more samples, or more series, than
// fit.
func TestMaxBytes(t *testing.T) {
	t.Run("past", func(t *testing.T) {
		const limit = 1 << 19
		s := store.New(store.Limits{Window: time.Hour, MaxBytes: limit})
		f := manyCounters(500)
		for tick := range 1000 {
			f.change(tick, 1)
			sample(s, start.Add(time.Duration(tick)*time.Second), f)
			if u := s.Usage(); u.Bytes > limit*11/10 {
				t.Fatalf("after %d samples: %+v, want at most %d bytes", tick, u, limit)
			}
		}
		if u := s.Usage(); u.Samples < 100 || u.Bytes < limit/2 {
			t.Errorf("%+v: the store keeps little", u)
		}
	})
	t.Run("labels", func(t *testing.T) {
		const limit = 2 << 20
		s := store.New(store.Limits{Window: time.Minute, MaxBytes: limit})
		for tick := range 100 {
			long := strings.Repeat("x", 100<<10)
			f := counters("a_total")
			for i := range 10 {
				f.points = append(f.points, number(1, "tick", fmt.Sprint(tick, i), "x", long))
			}
			sample(s, start.Add(time.Duration(tick)*time.Second), f)
			if u := s.Usage(); u.Bytes > limit*11/10 {
				t.Fatalf("after %d samples: %+v, want at most %d bytes", tick, u, limit)
			}
		}
		sample(s, start.Add(time.Hour), counters("b_total", number(1)))
		got := sample(s, start.Add(2*time.Hour), counters("b_total", number(1)))
		if u := s.Usage(); u.Bytes > 100_000 || got.Omitted > 0 {
			t.Errorf("%+v, %d series omitted: long labels are not forgotten", u, got.Omitted)
		}
	})
}

// TestTooLittleMemory checks that some series are kept with their past if the memory is too small for all of
// them.
func TestTooLittleMemory(t *testing.T) {
	const limit = 1 << 18
	s := store.New(store.Limits{Window: time.Minute, MaxBytes: limit})
	f := manyCounters(2000)
	for tick := range 100 {
		got := sample(s, start.Add(time.Duration(tick)*time.Second), f)
		if got.Series < 300 || got.Series+got.Omitted != 2000 {
			t.Fatalf("sample %d has %d series, and %d are omitted", tick, got.Series, got.Omitted)
		}
	}
	if u := s.Usage(); u.Samples < 30 || u.Bytes > limit*11/10 {
		t.Errorf("%+v, want at least 30 samples in %d bytes", u, limit)
	}
}

func TestMaxSeries(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute, MaxSeries: 10})
	f := manyCounters(15)
	got := sample(s, start, f)
	if got.Series != 10 || got.Omitted != 5 {
		t.Errorf("%d series and %d omitted, want 10 and 5", got.Series, got.Omitted)
	}
	// Known series are kept.
	got = sample(s, start.Add(time.Second), counters("a_total", number(1)), f)
	if got.Series != 10 || got.Omitted != 6 || got.Find("a_total") != nil {
		t.Errorf("%d series and %d omitted, want 10 and 6", got.Series, got.Omitted)
	}
	got = sample(s, start.Add(2*time.Second), counters("a_total", number(1)))
	if got.Series != 0 && got.Series != 1 {
		t.Errorf("%d series, want at most 1", got.Series)
	}
	// A family that has come back gets the remaining room.
	got = sample(s, start.Add(3*time.Second), counters("a_total", number(1)), f)
	if got.Series != 10 || got.Omitted != 6 {
		t.Errorf("%d series and %d omitted, want 10 and 6", got.Series, got.Omitted)
	}
}

// TestChurnIsForgotten checks that the store forgets series if each sample has other ones.
func TestChurnIsForgotten(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	most := 0
	for tick := range 600 {
		sample(s, start.Add(time.Duration(tick)*time.Second),
			counters("a_total", number(1, "tick", fmt.Sprint(tick))), counters(fmt.Sprintf("b_%d_total", tick), number(1)))
		if bytes := s.Usage().Bytes; tick < 150 {
			most = max(most, bytes)
		} else if bytes > most*5/4 {
			t.Fatalf("after %d samples: %d bytes, after that of the first 150 %d", tick, bytes, most)
		}
	}
	if n := len(s.Latest().Numbers); n > 200 {
		t.Errorf("there are %d columns for 2 series", n)
	}
	for hour := range 4 { // The store forgets a series that is gone with the generation in which it noticed this.
		sample(s, start.Add(time.Duration(hour+1)*time.Hour))
	}
	if n := len(sample(s, start.Add(5*time.Hour)).Numbers); n > 0 {
		t.Errorf("there are %d columns for no series", n)
	}
}

// TestAllocations bounds the allocations of a round with the same series as the previous one.
func TestAllocations(t *testing.T) {
	s := store.New(store.Limits{Window: time.Hour})
	e := &model.Exemplar{Value: 1}
	f, h, native := manyCounters(1000), manyHistograms(100, false), manyHistograms(100, true)
	h.Name, native.Name = "i_seconds", "j_seconds"
	for i := range f.points {
		if i%10 == 0 {
			f.points[i].Exemplar = e
		}
	}
	tick := 0
	round := func() {
		tick++
		f.change(tick, 3)
		sample(s, start.Add(time.Duration(tick)*time.Second), f, h, native)
	}
	for range 20 {
		round()
	}
	if n := testing.AllocsPerRun(100, round); n > 20 {
		t.Errorf("a round of 1,200 series takes %v allocations, want at most 20", n)
	}
}
