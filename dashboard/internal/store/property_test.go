package store_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// world generates samples and remembers them.
type world struct {
	rand   *rand.Rand
	values map[string]map[string]float64   // current value of each series, by family and labels
	past   []map[string]map[string]float64 // series of each sample
	kinds  map[string]int
}

// next returns the next value of a series.
func (w *world) next(family string, value float64) float64 {
	odd := []float64{
		math.NaN(), math.Float64frombits(0x7ff0000000000002), math.Float64frombits(0xfff8000000000001), math.Inf(1), math.Inf(-1),
		math.Copysign(0, -1), 0, math.MaxFloat64, 5e-324, -1e-310, 1 << 60,
	}
	switch w.kinds[family] {
	case 0:
		return value
	case 1:
		return value + float64(w.rand.IntN(10))
	case 2:
		return w.rand.NormFloat64()
	default:
		return odd[w.rand.IntN(len(odd))]
	}
}

// step changes the world and returns its next sample.
func (w *world) step() []family {
	var families []family
	have := make(map[string]map[string]float64)
	for i := range 6 {
		name := fmt.Sprintf("family_%d_total", i)
		if _, ok := w.kinds[name]; !ok {
			w.kinds[name] = i % 4
		}
		if w.values[name] == nil {
			w.values[name] = make(map[string]float64)
		}
		series := w.values[name]
		for range w.rand.IntN(3) {
			key := fmt.Sprint(w.rand.IntN(20))
			if _, ok := series[key]; ok && w.rand.IntN(2) == 0 {
				delete(series, key)
			} else if !ok {
				series[key] = float64(w.rand.IntN(1000))
			}
		}
		if w.rand.IntN(8) == 0 || len(series) == 0 {
			continue // as if its collector had failed
		}
		have[name] = make(map[string]float64)
		var points []model.Point
		for key, value := range series {
			series[key] = w.next(name, value)
			have[name][key] = series[key]
			points = append(points, number(series[key], "x", key))
		}
		sorted(points)
		if w.rand.IntN(10) == 0 {
			w.rand.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		}
		if w.rand.IntN(10) == 0 {
			points = append(points, points[w.rand.IntN(len(points))]) // as with another timestamp
		}
		families = append(families, counters(name, points...))
	}
	w.past = append(w.past, have)
	return families
}

// TestPastIsThatOfAMap compares a store with a naive one, a list of maps.
func TestPastIsThatOfAMap(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := &world{
				rand:   rand.New(rand.NewPCG(seed, 1)),
				values: make(map[string]map[string]float64),
				kinds:  make(map[string]int),
			}
			window := time.Duration(3+w.rand.IntN(60)) * time.Second
			s := store.New(store.Limits{Window: window})
			var pinned []*store.Snapshot
			for tick := range 150 {
				families := w.step()
				if w.rand.IntN(20) == 0 { // a round that is discarded
					r := s.Begin(start.Add(time.Duration(tick)*time.Second - time.Millisecond))
					feed(r, families...)
					r.Discard()
				}
				snapshot := sample(s, start.Add(time.Duration(tick)*time.Second), families...)
				w.checkSnapshot(t, snapshot, tick)
				w.checkPast(t, s, snapshot)
				pinned = append(pinned, snapshot)
			}
			for tick, snapshot := range pinned {
				w.checkSnapshot(t, snapshot, tick)
			}
			if u := s.Usage(); u.Samples > int(window/time.Second)*7/6+3 {
				t.Errorf("the store keeps %d samples of a window of %v", u.Samples, window)
			}
		})
	}
}

func (w *world) checkSnapshot(t *testing.T, s *store.Snapshot, tick int) {
	t.Helper()
	n := 0
	for _, f := range s.Families {
		want := w.past[tick][f.Name]
		if len(f.Series) != len(want) {
			t.Fatalf("sample %d has %d series of %s, want %d", tick, len(f.Series), f.Name, len(want))
		}
		for _, series := range f.Series {
			if got, want := s.Numbers[series.Cols[0]], want[series.Labels[0].Value]; math.Float64bits(got) != math.Float64bits(want) {
				t.Fatalf("sample %d has %v as %s{%s}, want %v", tick, got, f.Name, series.Key, want)
			}
			n++
		}
	}
	if s.Series != n || len(s.Families) != len(w.past[tick]) {
		t.Fatalf("sample %d has %d series in %d families, want %d in %d", tick, s.Series, len(s.Families), n, len(w.past[tick]))
	}
}

// checkPast checks everything that the store keeps of the series in a snapshot.
func (w *world) checkPast(t *testing.T, s *store.Store, snapshot *store.Snapshot) {
	t.Helper()
	from := snapshot.At.Add(-time.Duration(w.rand.IntN(100)) * time.Second)
	var cols []int32
	for _, f := range snapshot.Families {
		for _, series := range f.Series {
			cols = append(cols, series.Cols...)
		}
	}
	sortedCols := slices.Sorted(slices.Values(cols))
	if len(slices.Compact(sortedCols)) != len(cols) {
		t.Fatal("two series have one column")
	}
	times, numbers := s.Range(from, cols)
	next := 0
	for _, f := range snapshot.Families {
		for _, series := range f.Series {
			for i, at := range times {
				if !at.After(from) {
					t.Fatalf("a sample at %v, which is not after %v", at, from)
				}
				want, ok := w.past[at.Sub(start)/time.Second][f.Name][series.Labels[0].Value]
				if !ok {
					want = store.Missing
				}
				if got := numbers[next][i]; math.Float64bits(got) != math.Float64bits(want) {
					t.Fatalf("%s{%s} was %v at %v, want %v", f.Name, series.Key, got, at, want)
				}
			}
			next++
		}
	}
}
