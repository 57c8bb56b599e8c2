package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// TestPastOfNativeBuckets compares the stored past of native histograms, whose buckets and schemas change,
// with the original values.
func TestPastOfNativeBuckets(t *testing.T) {
	type moment map[string]map[store.Bucket]float64 // by labels
	rnd := rand.New(rand.NewPCG(1, 2))
	s := store.New(store.Limits{Window: 20 * time.Second})
	var was []moment
	seen := 0 // number of values that were compared
	for tick := range 300 {
		now := make(moment)
		var f = family{Family: &model.Family{Name: "h_seconds", Type: model.Histogram}}
		for i := range 6 {
			if rnd.IntN(5) == 0 {
				continue
			}
			h := &model.HistogramValue{Native: &model.NativeHistogram{Schema: int32(rnd.IntN(20) / 19)}}
			labels := labelsOf("i", fmt.Sprint(i))
			now[labels.Text()] = make(map[store.Bucket]float64)
			for key := range int32(tick/30 + 2) {
				if h.Native.Schema != 0 || rnd.IntN(3) == 0 {
					continue
				}
				n := float64(1 + rnd.IntN(5))
				h.Native.Positive.Spans = append(h.Native.Positive.Spans, model.Span{Offset: key - next(h.Native.Positive), Length: 1})
				h.Native.Positive.Counts = append(h.Native.Positive.Counts, n)
				now[labels.Text()][store.Bucket{Lower: float64(int(1)<<key) / 2, Upper: float64(int(1) << key)}] = n
			}
			f.points = append(f.points, model.Point{Labels: labels, Histogram: h})
		}
		was = append(was, now)
		snapshot := sample(s, start.Add(time.Duration(tick)*time.Second), f)
		if len(snapshot.Families) == 0 {
			continue
		}
		columns := make(map[int32]bool)
		for _, series := range snapshot.Families[0].Series {
			times, numbers := s.Range(time.Time{}, series.Cols)
			for i, bucket := range series.Shape.Buckets {
				col := series.Cols[2+i]
				if columns[col] {
					t.Fatalf("sample %d: column %d is that of two numbers", tick, col)
				}
				columns[col] = true
				for j, number := range numbers[2+i] {
					then := was[times[j].Sub(start)/time.Second]
					if want := then[series.Key][bucket]; !store.IsMissing(number) && number != want {
						t.Fatalf("sample %d: {%s} had %v in %v at %v, want %v", tick, series.Key, number, bucket, times[j], want)
					}
					seen++
				}
			}
		}
	}
	if n := len(s.Latest().Numbers); n > 300 {
		t.Errorf("there are %d columns for 6 series", n)
	}
	if seen < 10_000 {
		t.Errorf("%d numbers were compared, want more", seen)
	}
}

// next returns the key after the key of the last bucket.
func next(b model.NativeBuckets) (key int32) {
	for _, span := range b.Spans {
		key += span.Offset + int32(span.Length)
	}
	return key
}
