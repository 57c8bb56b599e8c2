package native

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

const signBit = 1 << 63

func allSchemas(yield func(int32) bool) {
	for schema := int32(minSchema); schema <= maxSchema && yield(schema); schema++ {
	}
}

func growthFactor(schema int32) float64 { return math.Exp2(math.Exp2(-float64(schema))) }

func keyOf(v float64, schema int32) int32 {
	return coarser(highestKey(math.Float64bits(v)&^signBit), maxSchema-schema)
}

// searchedKey computes the key of a value by searching the bounds of its octave.
func searchedKey(v float64, schema int32) int32 {
	v = math.Abs(v)
	if math.IsInf(v, 0) {
		return searchedKey(math.MaxFloat64, schema) + 1
	}
	fraction, exponent := math.Frexp(v)
	if schema >= 0 {
		step := octave >> schema
		i := sort.Search(1<<schema, func(i int) bool { return bounds[i*step] >= fraction })
		return int32(i + (exponent-1)<<schema)
	}
	if fraction == 0.5 {
		exponent--
	}
	width := 1 << -schema
	return int32(math.Ceil(float64(exponent) / float64(width)))
}

// clientKey returns client_golang's key for a positive value.
func clientKey(t *testing.T, v float64, schema int32) int32 {
	t.Helper()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{
		NativeHistogramBucketFactor:  growthFactor(schema) * 1.0000001,
		NativeHistogramZeroThreshold: prometheus.NativeHistogramZeroThresholdZero,
	})
	h.Observe(v)
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		t.Fatal(err)
	}
	if got := m.Histogram.GetSchema(); got != schema {
		t.Fatalf("client_golang chose schema %d instead of %d", got, schema)
	}
	if len(m.Histogram.PositiveSpan) != 1 {
		t.Fatalf("client_golang has %d spans for the value %g", len(m.Histogram.PositiveSpan), v)
	}
	return m.Histogram.PositiveSpan[0].GetOffset()
}

func TestBoundsEqualClientGolang(t *testing.T) {
	for schema := range allSchemas {
		t.Run(fmt.Sprintf("schema %d", schema), func(t *testing.T) {
			const octaves = 4
			first, last := int32(-octaves<<maxSchema), int32(octaves<<maxSchema)
			for key := coarser(first, maxSchema-schema); key <= coarser(last, maxSchema-schema); key++ {
				bound := upperBound(key, schema)
				if got := clientKey(t, bound, schema); got != key {
					t.Fatalf("the upper bound %b of key %d has key %d in client_golang", bound, key, got)
				}
				if got := clientKey(t, math.Nextafter(bound, math.Inf(1)), schema); got != key+1 {
					t.Fatalf("the number after the upper bound %b of key %d has key %d in client_golang", bound, key, got)
				}
			}
		})
	}
}

// specialValues are values for which a computation of keys may go wrong.
func specialValues() []float64 {
	values := []float64{
		math.SmallestNonzeroFloat64, 2 * math.SmallestNonzeroFloat64, 3 * math.SmallestNonzeroFloat64,
		0x1p-1022, math.Nextafter(0x1p-1022, 0), math.Nextafter(0x1p-1022, 1),
		math.MaxFloat64, math.Inf(1), 1, DefaultZeroThreshold,
	}
	for exponent := -1073; exponent <= 1023; exponent++ {
		v := math.Ldexp(1, exponent)
		values = append(values, v, math.Nextafter(v, 0), math.Nextafter(v, math.Inf(1)))
	}
	for _, exponent := range []int{-1073, -1072, -1060, -1030, -1021, -128, 0, 1, 5, 1024} {
		for _, bound := range &bounds {
			v := math.Ldexp(bound, exponent)
			values = append(values, v, math.Nextafter(v, 0), math.Nextafter(v, math.Inf(1)))
		}
	}
	return values
}

func TestSpecialKeysEqualClientGolang(t *testing.T) {
	values := specialValues()
	for schema := range allSchemas {
		for i := int(schema - minSchema); i < len(values); i += 5 { // different values for each schema
			v := values[i]
			if v == 0 {
				continue
			}
			if got, want := keyOf(v, schema), clientKey(t, v, schema); got != want {
				t.Fatalf("schema %d, value %b: got key %d, want %d", schema, v, got, want)
			}
		}
	}
}

func TestKeyIsExact(t *testing.T) {
	check := func(v float64) {
		if v == 0 || math.IsNaN(v) {
			return
		}
		for schema := range allSchemas {
			if got, want := keyOf(v, schema), searchedKey(v, schema); got != want {
				t.Fatalf("schema %d, value %b: got key %d, want %d", schema, v, got, want)
			}
		}
	}
	for _, v := range specialValues() {
		check(v)
		check(-v)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		check(math.Float64frombits(random.Uint64()))
	}
}

func FuzzKey(f *testing.F) {
	for _, v := range []float64{1, 0.5, 3, 5e-324, math.MaxFloat64, math.Inf(-1)} {
		f.Add(math.Float64bits(v), int32(3))
	}
	f.Fuzz(func(t *testing.T, valueBits uint64, schema int32) {
		v := math.Float64frombits(valueBits)
		if v == 0 || math.IsNaN(v) || schema < minSchema || schema > maxSchema {
			return
		}
		key := keyOf(v, schema)
		if want := searchedKey(v, schema); key != want {
			t.Fatalf("schema %d, value %b: got key %d, want %d", schema, v, key, want)
		}
		if abs := math.Abs(v); abs > upperBound(key, schema) {
			t.Errorf("schema %d: value %b is above the upper bound of its key %d", schema, v, key)
		} else if lower := upperBound(key-1, schema); abs <= lower && abs > 0x1p-1022 {
			t.Errorf("schema %d: value %b is not above the lower bound of its key %d", schema, v, key)
		}
	})
}

func TestUpperBound(t *testing.T) {
	for _, test := range []struct {
		key, schema int32
		want        float64
	}{
		{0, 0, 1},
		{1, 0, 2},
		{-1, 0, 0.5},
		{0, 8, 1},
		{0, -4, 1},
		{1, -4, 65536},
		{-1, -4, 1.0 / 65536},
		{8, 3, 2},
		{4, 3, 0x1.6a09e667f3bccp+00},
		{1024, 0, math.MaxFloat64},
		{1025, 0, math.Inf(1)},
		{64, -4, math.MaxFloat64},
		{65, -4, math.Inf(1)},
		{lastKey, 8, math.MaxFloat64},
		{infinityKey, 8, math.Inf(1)},
		{-1074, 0, math.SmallestNonzeroFloat64},
	} {
		if got := upperBound(test.key, test.schema); got != test.want {
			t.Errorf("upperBound(%d, %d) = %b, want %b", test.key, test.schema, got, test.want)
		}
	}
}

// TestCoarserTwiceIsCoarserByTwo checks that lowering the schema by one twice gives the same key as lowering
// it by two.
func TestCoarserTwiceIsCoarserByTwo(t *testing.T) {
	for key := int32(-3000); key < 3000; key++ {
		if got, want := coarser(coarser(key, 1), 1), coarser(key, 2); got != want {
			t.Fatalf("key %d: got %d, want %d", key, got, want)
		}
	}
}
