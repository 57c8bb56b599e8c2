package store_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/internal/model"
)

func histograms(values ...*model.HistogramValue) family {
	f := family{Family: &model.Family{Name: "h_seconds", Type: model.Histogram}}
	for i, h := range values {
		f.points = append(f.points, model.Point{Labels: labelsOf("i", fmt.Sprint(i)), Histogram: h})
	}
	return f
}

func TestClassicHistograms(t *testing.T) {
	inf := math.Inf(1)
	want := []store.Bucket{{Lower: math.Inf(-1), Upper: 1}, {Lower: 1, Upper: 2}, {Lower: 2, Upper: inf}}
	tests := map[string]struct {
		value *model.HistogramValue
		want  string
	}{
		"bounds":      {&model.HistogramValue{Count: 9, Sum: 3, Bounds: []float64{1, 2}, Counts: []uint64{2, 5, 9}}, "[9 3 2 3 4]"},
		"without inf": {&model.HistogramValue{Count: 9, Sum: 3, Buckets: []model.Bucket{{UpperBound: 1, Count: 2}, {UpperBound: 2, Count: 5}}}, "[9 3 2 3 4]"},
		"with inf": {&model.HistogramValue{Count: 9, Sum: 3, Buckets: []model.Bucket{
			{UpperBound: 1, Count: 2}, {UpperBound: 2, Count: 5}, {UpperBound: inf, Count: 9},
		}}, "[9 3 2 3 4]"},
		"floats": {&model.HistogramValue{CountFloat: 9.5, Sum: 3, Buckets: []model.Bucket{
			{UpperBound: 1, CountFloat: 2.5}, {UpperBound: 2, CountFloat: 5},
		}}, "[9.5 3 2.5 2.5 4.5]"},
		"torn":  {&model.HistogramValue{Count: 4, Sum: 3, Bounds: []float64{1, 2}, Counts: []uint64{2, 1, 4}}, "[4 3 2 0 3]"},
		"empty": {&model.HistogramValue{Bounds: []float64{1, 2}, Counts: []uint64{0, 0, 0}}, "[0 0 0 0 0]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := store.New(store.Limits{Window: time.Minute})
			got := sample(s, start, histograms(test.value, test.value))
			first, second := got.Families[0].Series[0], got.Families[0].Series[1]
			if !slices.Equal(first.Shape.Buckets, want) || first.Shape.Native || first.Shape.Kind != store.Histogram {
				t.Errorf("shape %+v, want buckets %v", first.Shape, want)
			}
			if first.Shape != second.Shape {
				t.Error("two histograms do not share their shape")
			}
			for _, series := range []*store.Series{first, second} {
				if got := text(numbersOf(got, series)); got != test.want {
					t.Errorf("numbers %s, want %s", got, test.want)
				}
			}
			if again := sample(s, start.Add(time.Second), histograms(test.value, test.value)); again.Families[0] != got.Families[0] {
				t.Error("the family has changed")
			}
		})
	}
}

func TestBoundsThatChange(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	before := sample(s, start, histograms(&model.HistogramValue{Count: 3, Bounds: []float64{1, 2}, Counts: []uint64{1, 2, 3}}))
	after := sample(s, start.Add(time.Second), histograms(&model.HistogramValue{Count: 9, Bounds: []float64{1, 3}, Counts: []uint64{2, 5, 9}}))
	a, b := before.Families[0].Series[0], after.Families[0].Series[0]
	if got := text(numbersOf(after, b)); got != "[9 0 2 3 4]" {
		t.Errorf("numbers %s", got)
	}
	if !slices.Equal(a.Cols[:3], b.Cols[:3]) || slices.Contains(a.Cols, b.Cols[3]) {
		t.Errorf("columns %v after %v: want the same for count, sum and the first bucket, and new ones", b.Cols, a.Cols)
	}
	if got := text(numbersOf(before, a)); got != "[3 0 1 1 1]" {
		t.Errorf("the snapshot before has become %s", got)
	}
}

func TestNativeHistograms(t *testing.T) {
	native := func(schema int32, zero uint64, positive, negative model.NativeBuckets) *model.HistogramValue {
		return &model.HistogramValue{
			Count: 100, Sum: 7, Bounds: []float64{1}, Counts: []uint64{1, 2}, // ignored
			Native: &model.NativeHistogram{Schema: schema, ZeroThreshold: 0.5, ZeroCount: zero, Positive: positive, Negative: negative},
		}
	}
	s := store.New(store.Limits{Window: time.Minute})
	wider := native(-1, 3, model.NativeBuckets{Spans: []model.Span{{Offset: 1, Length: 1}}, Deltas: []int64{5}}, model.NativeBuckets{})
	wider.Native.ZeroThreshold = 0.75
	steps := []struct {
		value   *model.HistogramValue
		buckets string
		numbers string
		same    bool // whether the series is the one of the previous step
	}{
		{native(0, 0, model.NativeBuckets{}, model.NativeBuckets{}), "[]", "[100 7]", false},
		{native(0, 0, model.NativeBuckets{Spans: []model.Span{{Offset: 1, Length: 2}}, Deltas: []int64{3, 1}}, model.NativeBuckets{}),
			"[{1 2} {2 4}]", "[100 7 3 4]", false},
		{native(0, 0, model.NativeBuckets{Spans: []model.Span{{Offset: 2, Length: 1}}, Deltas: []int64{5}}, model.NativeBuckets{}),
			"[{1 2} {2 4}]", "[100 7 0 5]", true},
		{native(0, 2, model.NativeBuckets{Spans: []model.Span{{Offset: 0, Length: 1}, {Offset: 1, Length: 1}}, Deltas: []int64{5, -4}},
			model.NativeBuckets{Spans: []model.Span{{Offset: 1, Length: 2}}, Counts: []float64{1.5, 2.5}}),
			"[{-4 -2} {-2 -1} {-0.5 0.5} {0.5 1} {1 2} {2 4}]", "[100 7 2.5 1.5 2 5 0 1]", false},
		{native(-1, 0, model.NativeBuckets{Spans: []model.Span{{Offset: 1, Length: 1}}, Deltas: []int64{5}}, model.NativeBuckets{}),
			"[{-0.5 0.5} {1 4}]", "[100 7 0 5]", false},
		{wider, "[{-0.75 0.75} {1 4}]", "[100 7 3 5]", false},
	}
	var last *store.Series
	for i, step := range steps {
		got := sample(s, start.Add(time.Duration(i)*time.Second), histograms(step.value))
		series := got.Families[0].Series[0]
		if !series.Shape.Native || fmt.Sprint(series.Shape.Buckets) != step.buckets {
			t.Errorf("step %d: buckets %v, want %s", i, series.Shape.Buckets, step.buckets)
		}
		if numbers := text(numbersOf(got, series)); numbers != step.numbers {
			t.Errorf("step %d: numbers %s, want %s", i, numbers, step.numbers)
		}
		if (series == last) != step.same {
			t.Errorf("step %d: the same series: %v, want %v", i, series == last, step.same)
		}
		last = series
	}
	if got := past(s, last.Cols[0]); got != "[100 100 100 100 100 100]" {
		t.Errorf("the past of the count is %s", got)
	}
	if got := past(s, last.Cols[2]); got != "[- - - - - 3]" {
		t.Errorf("the past of the wider zero bucket is %s", got)
	}
}

func TestNativeResolutionIsReduced(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	spans := []model.Span{{Offset: 1, Length: 64}}
	ones := make([]float64, 64)
	for i := range ones {
		ones[i] = 1
	}
	h := &model.HistogramValue{CountFloat: 64, Native: &model.NativeHistogram{
		Schema: 5, Positive: model.NativeBuckets{Spans: spans, Counts: ones},
	}}
	got := sample(s, start, histograms(h))
	series := got.Families[0].Series[0]
	if n := len(series.Shape.Buckets); n != 16 {
		t.Fatalf("%d buckets, want those of two octaves", n)
	}
	for i, b := range series.Shape.Buckets {
		if want := math.Exp2(float64(i+1) / 8); math.Abs(b.Upper-want) > 1e-15*want {
			t.Errorf("bucket %d ends at %v, want %v", i, b.Upper, want)
		}
		if n := got.Numbers[series.Cols[2+i]]; n != 4 {
			t.Errorf("bucket %d has %v observations, want 4", i, n)
		}
	}
}

func TestNativeExtremes(t *testing.T) {
	for _, schema := range []int32{-4, 0, 3, 8} {
		s := store.New(store.Limits{Window: time.Minute})
		top := 1024.0 * math.Exp2(float64(schema))
		spans := []model.Span{{Offset: math.MinInt32 + 1, Length: 2}, {Offset: math.MaxInt32, Length: 1}, {Offset: int32(top) - 2, Length: 2}, {Offset: 3, Length: 1}}
		h := &model.HistogramValue{Native: &model.NativeHistogram{
			Schema: schema, Positive: model.NativeBuckets{Spans: spans, Deltas: []int64{1, 0, 0, 0, 0, 0}},
		}}
		buckets := sample(s, start, histograms(h)).Families[0].Series[0].Shape.Buckets
		for i, b := range buckets {
			if b.Lower >= b.Upper || i > 0 && b.Lower < buckets[i-1].Upper {
				t.Errorf("schema %d: buckets %v are not in order", schema, buckets)
			}
		}
		if last := buckets[len(buckets)-1]; !math.IsInf(last.Upper, 1) || last.Lower != math.MaxFloat64 {
			t.Errorf("schema %d: the last bucket is %v, want that of infinity", schema, last)
		}
	}
}

func TestSummariesAndStateSets(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	summary := func(ranks ...float64) family {
		v := &model.SummaryValue{Count: 3, Sum: 6}
		for _, rank := range ranks {
			v.Quantiles = append(v.Quantiles, model.Quantile{Quantile: rank, Value: rank * 10})
		}
		return family{&model.Family{Name: "b", Type: model.Summary}, []model.Point{{Summary: v}}}
	}
	states := func(on uint64, names ...string) family {
		return family{&model.Family{Name: "c", Type: model.StateSet}, []model.Point{{States: &model.StateSetValue{Names: names, On: on}}}}
	}
	info := family{&model.Family{Name: "a_info", Type: model.Info}, []model.Point{number(1, "version", "1")}}
	sample(s, start, info, summary(0.5, 0.9), states(0b01, "on", "off"))
	got := sample(s, start.Add(time.Second), info, summary(0.9, 0.99), states(0b10, "off", "idle"))
	var all string
	for _, f := range got.Families {
		all += fmt.Sprintln(f.Series[0].Shape.Kind, f.Series[0].Shape.Quantiles, f.Series[0].Shape.States, text(numbersOf(got, f.Series[0])))
	}
	if want := "0 [] [] [1]\n2 [0.9 0.99] [] [3 6 9 9.9]\n3 [] [off idle] [0 1]\n"; all != want {
		t.Errorf("got %s, want %s", all, want)
	}
	if got := past(s, got.Families[1].Series[0].Cols[2]); got != "[9 9]" {
		t.Errorf("the past of the quantile 0.9 is %s", got)
	}
	if got := past(s, got.Families[2].Series[0].Cols[0]); got != "[0 0]" {
		t.Errorf("the past of the state off is %s", got)
	}
}

func TestTypeThatChanges(t *testing.T) {
	s := store.New(store.Limits{Window: 12 * time.Second})
	h := histograms(&model.HistogramValue{Count: 3, Bounds: []float64{1}, Counts: []uint64{1, 3}})
	g := family{&model.Family{Name: "h_seconds", Type: model.Gauge}, []model.Point{number(8, "i", "0")}}
	bytes := 0
	for i := range 100 {
		f := h
		if i%2 == 1 {
			f = g
		}
		got := sample(s, start.Add(time.Duration(i)*time.Second), f)
		if want := []store.Kind{store.Histogram, store.Number}[i%2]; got.Families[0].Series[0].Shape.Kind != want {
			t.Fatalf("sample %d: kind %d", i, got.Families[0].Series[0].Shape.Kind)
		}
		if i == 50 {
			bytes = s.Usage().Bytes
		}
	}
	if n := len(s.Latest().Numbers); n > 50 {
		t.Errorf("there are %d columns: they are not used again", n)
	}
	if after := s.Usage().Bytes; after > bytes*3/2 {
		t.Errorf("the store has grown from %d to %d bytes", bytes, after)
	}
}

func TestExemplarsAndStarts(t *testing.T) {
	s := store.New(store.Limits{Window: time.Minute})
	e := &model.Exemplar{Value: 1}
	with := number(1, "x", "1")
	with.Exemplar = e
	with.Created = model.Instant{Nanos: 1, Valid: true}
	h := histograms(
		&model.HistogramValue{Buckets: []model.Bucket{{UpperBound: 1, Exemplar: e}, {UpperBound: 2}}},
		&model.HistogramValue{Native: &model.NativeHistogram{Exemplars: []*model.Exemplar{e, e}}},
	)
	first := sample(s, start, counters("a_total", with, number(2, "x", "2")), h)
	if n := len(first.Exemplars); n != 3 {
		t.Errorf("%d series have exemplars, want 3", n)
	}
	if list := first.Exemplars[first.Find("h_seconds").Series[1]]; len(list) != 2 {
		t.Errorf("the native histogram has %d exemplars, want 2", len(list))
	}
	with.Created.Nanos = 2
	second := sample(s, start.Add(time.Second), counters("a_total", with, number(2, "x", "2")), h)
	a, b := find(t, first, "a_total", "x", "1"), find(t, second, "a_total", "x", "1")
	if a == b || a.Cols[0] != b.Cols[0] || b.Created.Nanos != 2 || a.Created.Nanos != 1 {
		t.Errorf("series %+v after %+v, want another one with the same column", b, a)
	}
	if len(second.Exemplars[b]) != 1 || second.Exemplars[b][0] != e {
		t.Error("the second snapshot has another exemplar")
	}
}
