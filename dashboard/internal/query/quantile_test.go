package query

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/luxfi/metric/dashboard/internal/store"
)

func TestQuantile(t *testing.T) {
	inf := math.Inf(1)
	classic := []store.Bucket{{Lower: -inf, Upper: 1}, {Lower: 1, Upper: 2}, {Lower: 2, Upper: 4}, {Lower: 4, Upper: inf}}
	negative := []store.Bucket{{Lower: -inf, Upper: -1}, {Lower: -1, Upper: 1}, {Lower: 1, Upper: inf}}
	native := []store.Bucket{{Lower: 1, Upper: 2}, {Lower: 4, Upper: 8}}
	infinite := []store.Bucket{{Lower: 1, Upper: 2}, {Lower: math.MaxFloat64, Upper: inf}}
	zero := []store.Bucket{{Lower: -0.5, Upper: 0.5}, {Lower: 1, Upper: 2}}
	both := []store.Bucket{{Lower: -8, Upper: -4}, {Lower: -0.5, Upper: 0.5}, {Lower: 4, Upper: 8}}
	for _, test := range []struct {
		name    string
		q       float64
		buckets []store.Bucket
		counts  []float64
		native  bool
		want    float64
	}{
		{"none", 0.5, classic, []float64{0, 0, 0, 0}, false, store.Missing},
		{"no buckets", 0.5, nil, nil, false, store.Missing},
		{"lowest begins at 0", 0.5, classic, []float64{10, 0, 0, 0}, false, 0.5},
		{"middle", 0.5, classic, []float64{0, 0, 10, 0}, false, 3},
		{"first of two", 0.5, classic, []float64{5, 0, 5, 0}, false, 1},
		{"second of two", 0.9, classic, []float64{5, 0, 5, 0}, false, 3.6},
		{"highest", 0.99, classic, []float64{1, 0, 0, 9}, false, 4},
		{"only +Inf", 0.5, []store.Bucket{{Lower: -inf, Upper: inf}}, []float64{3}, false, store.Missing},
		{"negative lowest", 0.1, negative, []float64{5, 5, 0}, false, -1},
		{"around zero", 0.75, negative, []float64{5, 5, 0}, false, 0},
		{"fractions", 0.5, classic, []float64{0.25, 0.25, 0, 0}, false, 1},
		{"native", 0.5, native, []float64{10, 0}, true, math.Sqrt2},
		{"native of two", 0.75, native, []float64{10, 10}, true, math.Sqrt(32)},
		{"native between two", 0.5, native, []float64{10, 10}, true, 4},
		{"native infinity", 0.9, infinite, []float64{1, 3}, true, inf},
		{"zero bucket with positive ones", 0.25, zero, []float64{10, 10}, true, 0.25},
		{"zero bucket between", 0.5, both, []float64{5, 10, 5}, true, 0},
		{"negative", 0.125, both, []float64{10, 20, 10}, true, -math.Sqrt(32)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := quantile(test.q, test.buckets, test.counts, test.native)
			if store.IsMissing(got) != store.IsMissing(test.want) || math.Abs(got-test.want) > 1e-12 {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestQuantileLikeNaive compares quantiles with those of the observations themselves, which are distributed
// in their buckets as interpolation assumes.
func TestQuantileLikeNaive(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		native := seed%2 == 0
		var (
			buckets      []store.Bucket
			counts       []float64
			observations []float64
			lower        = 0.5 + r.Float64()
		)
		for range 1 + r.IntN(10) {
			upper := lower * (1.1 + r.Float64())
			n := r.IntN(300)
			buckets, counts = append(buckets, store.Bucket{Lower: lower, Upper: upper}), append(counts, float64(n))
			for i := range n {
				share := (float64(i) + 1) / float64(n)
				if native {
					observations = append(observations, lower*math.Pow(upper/lower, share))
				} else {
					observations = append(observations, lower+(upper-lower)*share)
				}
			}
			lower = upper
			if r.IntN(4) == 0 && native {
				lower *= 3 // a gap
			}
		}
		if len(observations) == 0 {
			continue
		}
		slices.Sort(observations)
		for _, q := range []float64{0.01, 0.25, 0.5, 0.9, 0.99, 1} {
			got := quantile(q, buckets, counts, native)
			rank := q * float64(len(observations))
			above := observations[min(int(math.Ceil(rank-1e-9)), len(observations))-1]
			below := buckets[0].Lower
			if i := int(math.Floor(rank+1e-9)) - 1; i >= 0 {
				below = observations[i]
			}
			if got > above*(1+1e-9) || got < below*(1-1e-9) {
				t.Errorf("seed %d: the %v-quantile is %v, not between %v and %v", seed, q, got, below, above)
			}
		}
	}
}

// TestUnion checks the buckets that result from histograms with different bounds, and how their counts are
// divided.
func TestUnion(t *testing.T) {
	inf := math.Inf(1)
	u := newUnion([]*store.Shape{
		{Buckets: []store.Bucket{{Lower: -inf, Upper: 1}, {Lower: 1, Upper: 5}, {Lower: 5, Upper: inf}}},
		{Buckets: []store.Bucket{{Lower: -inf, Upper: 2}, {Lower: 2, Upper: 10}, {Lower: 10, Upper: inf}}},
	})
	want := []store.Bucket{
		{Lower: -inf, Upper: 1}, {Lower: 1, Upper: 2}, {Lower: 2, Upper: 5}, {Lower: 5, Upper: 10}, {Lower: 10, Upper: inf},
	}
	if !slices.Equal(u.buckets, want) {
		t.Fatalf("got %v, want %v", u.buckets, want)
	}
	for b, want := range map[store.Bucket][]part{
		{Lower: -inf, Upper: 1}: {{0, 1}},
		{Lower: -inf, Upper: 2}: {{0, 0.5}, {1, 0.5}},
		{Lower: 1, Upper: 5}:    {{1, 0.25}, {2, 0.75}},
		{Lower: 2, Upper: 10}:   {{2, 0.375}, {3, 0.625}},
		{Lower: 5, Upper: inf}:  {{4, 1}},
		{Lower: 10, Upper: inf}: {{4, 1}},
	} {
		if !slices.Equal(u.parts[b], want) {
			t.Errorf("%v: got %v, want %v", b, u.parts[b], want)
		}
	}
}

// TestUnionLosesNothing checks for random layouts that the parts of each bucket add up to the bucket.
func TestUnionLosesNothing(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		var shapes []*store.Shape
		for range 1 + r.IntN(5) {
			shape := &store.Shape{Native: seed%2 == 0}
			lower := math.Inf(-1)
			if shape.Native {
				lower = -8
			}
			factor := math.Exp2(math.Exp2(-float64(r.IntN(4))))
			edge := -8 + 8*r.Float64()
			for range r.IntN(200) {
				shape.Buckets = append(shape.Buckets, store.Bucket{Lower: lower, Upper: edge})
				lower, edge = edge, max(edge*factor, edge+0.1)
				if shape.Native && r.IntN(5) == 0 {
					lower, edge = edge, edge+1
				}
			}
			shapes = append(shapes, shape)
		}
		u := newUnion(shapes)
		if len(u.buckets) > maxUnion {
			t.Errorf("seed %d: %d buckets", seed, len(u.buckets))
		}
		for i := 1; i < len(u.buckets); i++ {
			if u.buckets[i].Lower < u.buckets[i-1].Upper {
				t.Fatalf("seed %d: bucket %v follows %v", seed, u.buckets[i], u.buckets[i-1])
			}
		}
		for b, parts := range u.parts {
			total := 0.0
			for _, p := range parts {
				total += p.share
			}
			if math.Abs(total-1) > 1e-6 {
				t.Errorf("seed %d: the parts of %v are together %v", seed, b, total)
			}
		}
	}
}
