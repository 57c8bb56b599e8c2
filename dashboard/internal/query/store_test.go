package query_test

import (
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/query"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

// sample commits a sample of some families to a store.
func sample(t *testing.T, s *store.Store, second float64, families ...testFamily) *store.Snapshot {
	t.Helper()
	round := s.Begin(at(second))
	for _, f := range families {
		if err := round.Family(f.family); err != nil {
			t.Fatal(err)
		}
		for i := range f.points {
			if err := round.Point(&f.points[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return round.Commit()
}

type testFamily struct {
	family *model.Family
	points []model.Point
}

func labels(t *testing.T, pairs ...model.Label) model.Labels {
	t.Helper()
	l, err := model.NewLabels(pairs)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestWithStore follows a program over four samples. A counter appears later, and a native histogram gets
// another bucket. In the store, the bucket makes it another series.
func TestWithStore(t *testing.T) {
	var (
		s        = store.New(store.Limits{Window: time.Hour, MaxBytes: 1 << 20, MaxSeries: 100})
		counters = &model.Family{Name: "c_total", Type: model.Counter}
		latency  = &model.Family{Name: "h_seconds", Type: model.Histogram}
		one, two = labels(t, model.Label{Name: "a", Value: "1"}), labels(t, model.Label{Name: "a", Value: "2"})
	)
	native := func(count uint64, sum float64, deltas ...int64) testFamily {
		// Buckets (1, 2], (2, 4] and so on.
		n := &model.NativeHistogram{Positive: model.NativeBuckets{
			Spans: []model.Span{{Offset: 1, Length: uint32(len(deltas))}}, Deltas: deltas,
		}}
		return testFamily{latency, []model.Point{{Histogram: &model.HistogramValue{Count: count, Sum: sum, Native: n}}}}
	}
	numbers := func(points ...model.Point) testFamily { return testFamily{counters, points} }

	first := sample(t, s, 0, numbers(model.Point{Labels: one, Value: 10}), native(10, 15, 10))
	sample(t, s, 2, numbers(model.Point{Labels: one, Value: 14}), native(12, 18, 12))
	third := sample(t, s, 4,
		numbers(model.Point{Labels: one, Value: 14}, model.Point{Labels: two, Value: 6, Created: instant(3)}),
		native(14, 24, 12, -10))
	last := sample(t, s, 6,
		numbers(model.Point{Labels: one, Value: 4}, model.Point{Labels: two, Value: 10, Created: instant(3)}),
		native(18, 32, 14, -10))

	check(t, query.Plot(last, s, api.Spec{Family: "c_total", By: []string{"a"}}, time.Time{}),
		wantLine{`a="1"`, []float64{none, 2, 0, 2}},
		wantLine{`a="2"`, []float64{none, none, 3, 2}},
	)
	check(t, query.Plot(last, s, api.Spec{Family: "c_total"}, third.At), wantLine{"", []float64{4}})
	p := query.Plot(last, s, api.Spec{Family: "h_seconds"}, time.Time{})
	same(t, "p50", p.Lines[0].V, none, 1.4142135623730951, 2.8284271247461903, 2)
	same(t, "lower bounds", p.Heat.Lower, 1, 2)
	if len(p.Heat.Rows[1]) != 1 || p.Heat.Rows[3][1] != [2]api.Number{1, 1} {
		t.Errorf("got rows %v", p.Heat.Rows)
	}

	d := query.Detail(last, first, query.DetailOptions{Family: "h_seconds"})
	same(t, "details", d.Rows[0].Values, 18, 8.0/6, 17.0/8, 2, 3.4822022531844965, 3.9449308179734345)
	d = query.Detail(last, first, query.DetailOptions{Family: "c_total"})
	same(t, "a counter after a reset", d.Rows[0].Values, 4, 4.0/6)
	same(t, "a counter that is new", d.Rows[1].Values, 10, 10.0/6)

	changes := query.Changes(first, last, "", 0)
	if changes.Total != 4 || changes.Unchanged != 0 {
		t.Errorf("got %q", changed(changes))
	}
	if got := query.Cardinality(last, first, 0); got.Series != 3 || got.Grown != 1 {
		t.Errorf("got %+v", got)
	}
}
