package native_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/native"
)

func bucketsOf(cfg native.Config, observations ...float64) *native.Buckets {
	b := new(native.Buckets)
	b.Reset(&cfg)
	for _, v := range observations {
		b.Observe(v)
	}
	return b
}

func TestMerger(t *testing.T) {
	span := func(offset int32, length uint32) model.Span { return model.Span{Offset: offset, Length: length} }
	type spans = []model.Span
	type sides = [2]model.NativeBuckets // positive, negative
	octaves := native.Config{Schema: 0}
	for _, test := range []struct {
		name      string
		stripes   []*native.Buckets
		schema    int32
		threshold float64
		zeros     uint64
		want      sides
	}{{
		name:    "recognisable though empty",
		stripes: []*native.Buckets{bucketsOf(octaves)},
		want:    sides{{Spans: spans{span(0, 0)}}, {}},
	}, {
		name:      "empty, with a zero threshold",
		stripes:   []*native.Buckets{bucketsOf(native.Config{Schema: 3, ZeroThreshold: 1})},
		schema:    3,
		threshold: 1,
	}, {
		name:    "only zeros",
		stripes: []*native.Buckets{bucketsOf(octaves, 0, 0)},
		zeros:   2,
	}, {
		name:    "NaN is nowhere",
		stripes: []*native.Buckets{bucketsOf(octaves, math.NaN())},
		want:    sides{{Spans: spans{span(0, 0)}}, {}},
	}, {
		name:    "gaps of up to two buckets are filled",
		stripes: []*native.Buckets{bucketsOf(octaves, 1, 1, 2, 8, 64, 1024)},
		want:    sides{{Spans: spans{span(0, 7), span(3, 1)}, Deltas: []int64{2, -1, -1, 1, -1, 0, 1, 0}}, {}},
	}, {
		name:    "the first offset is a key",
		stripes: []*native.Buckets{bucketsOf(octaves, 1.0/1024, -1024, -1024, -1.0/1024)},
		want: sides{
			{Spans: spans{span(-10, 1)}, Deltas: []int64{1}},
			{Spans: spans{span(-10, 1), span(19, 1)}, Deltas: []int64{1, 1}},
		},
	}, {
		name:    "infinities follow the largest number",
		stripes: []*native.Buckets{bucketsOf(octaves, math.Inf(1), math.MaxFloat64, math.Inf(-1))},
		want: sides{
			{Spans: spans{span(1024, 2)}, Deltas: []int64{1, 0}},
			{Spans: spans{span(1025, 1)}, Deltas: []int64{1}},
		},
	}, {
		name:      "infinity is beyond any finite zero threshold",
		stripes:   []*native.Buckets{bucketsOf(native.Config{ZeroThreshold: math.MaxFloat64}, math.Inf(1), -math.MaxFloat64)},
		threshold: math.MaxFloat64,
		zeros:     1,
		want:      sides{{Spans: spans{span(1025, 1)}, Deltas: []int64{1}}, {}},
	}, {
		name:    "stripes add up",
		stripes: []*native.Buckets{bucketsOf(octaves, 1, 4, 0), bucketsOf(octaves, 4, 2, -1, 0), bucketsOf(octaves)},
		zeros:   2,
		want: sides{
			{Spans: spans{span(0, 3)}, Deltas: []int64{1, 0, 1}},
			{Spans: spans{span(0, 1)}, Deltas: []int64{1}},
		},
	}, {
		name: "different stripes, the coarser first",
		stripes: []*native.Buckets{
			bucketsOf(native.Config{Schema: 0, ZeroThreshold: 0.5}, 0.25, 1, 3),
			bucketsOf(native.Config{Schema: 3}, 0.25, -0.5, 0.51, 3, 3.5),
		},
		threshold: 0.5,
		zeros:     3,
		want:      sides{{Spans: spans{span(0, 3)}, Deltas: []int64{2, -2, 3}}, {}},
	}, {
		name: "different stripes, the finer first",
		stripes: []*native.Buckets{
			bucketsOf(native.Config{Schema: 3}, 0.25, -0.5, 0.51, 3, 3.5),
			bucketsOf(native.Config{Schema: 0, ZeroThreshold: 0.5}, 0.25, 1, 3),
		},
		threshold: 0.5,
		zeros:     3,
		want:      sides{{Spans: spans{span(0, 3)}, Deltas: []int64{2, -2, 3}}, {}},
	}} {
		t.Run(test.name, func(t *testing.T) {
			var m native.Merger
			for _, b := range test.stripes {
				m.Add(b)
			}
			var got model.NativeHistogram
			m.Write(&got)
			want := model.NativeHistogram{
				Schema: test.schema, ZeroThreshold: test.threshold, ZeroCount: test.zeros,
				Positive: test.want[0], Negative: test.want[1],
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// TestMergerIsReusable checks that one histogram after the other can be written to the same memory.
func TestMergerIsReusable(t *testing.T) {
	var m native.Merger
	exemplars := []*model.Exemplar{{Value: 1}}
	h := model.NativeHistogram{ZeroCountFloat: 3, Exemplars: exemplars}
	h.Positive.Counts = []float64{1, 2}
	for _, cfg := range []native.Config{{Schema: 8, ZeroThreshold: 0.1}, {Schema: -4}, {Schema: 3, ZeroThreshold: 2}} {
		b := bucketsOf(cfg, 0.05, 1, 5, 1e10, -1)
		m.Reset()
		m.Add(b)
		m.Write(&h)

		var fresh native.Merger
		fresh.Add(b)
		var want model.NativeHistogram
		fresh.Write(&want)
		if h.Schema != want.Schema || h.ZeroThreshold != want.ZeroThreshold ||
			h.ZeroCount != want.ZeroCount || h.ZeroCountFloat != 0 {
			t.Errorf("schema %d: got %+v, want %+v", cfg.Schema, h, want)
		}
		for side, got := range map[*model.NativeBuckets]model.NativeBuckets{&want.Positive: h.Positive, &want.Negative: h.Negative} {
			if !slices.Equal(got.Spans, side.Spans) || !slices.Equal(got.Deltas, side.Deltas) || len(got.Counts) != 0 {
				t.Errorf("schema %d: got %+v, want %+v", cfg.Schema, got, *side)
			}
		}
	}
	if !slices.Equal(h.Exemplars, exemplars) {
		t.Error("the exemplars were touched")
	}
}
