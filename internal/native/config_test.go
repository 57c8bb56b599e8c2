package native_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/luxfi/metric/internal/native"
)

func TestNewConfig(t *testing.T) {
	for _, test := range []struct {
		name string
		give native.Options
		want native.Config
	}{{
		name: "defaults",
		give: native.Options{BucketFactor: 1.1},
		want: native.Config{Schema: 3, ZeroThreshold: 0x1p-128, MaxExemplars: 10, ExemplarTTL: 5 * time.Minute},
	}, {
		name: "as given",
		give: native.Options{BucketFactor: 2, ZeroThreshold: 0.5, MaxZeroThreshold: 1, MaxBuckets: 7, MinReset: 8, MaxExemplars: 9, ExemplarTTL: 10},
		want: native.Config{Schema: 0, ZeroThreshold: 0.5, MaxZeroThreshold: 1, MaxBuckets: 7, MinReset: 8, MaxExemplars: 9, ExemplarTTL: 10},
	}, {
		name: "negative",
		give: native.Options{BucketFactor: 1e9, ZeroThreshold: -1, MaxExemplars: -1, ExemplarTTL: -1},
		want: native.Config{Schema: -4, ExemplarTTL: -1},
	}, {
		name: "a threshold that is no number",
		give: native.Options{BucketFactor: 1.001, ZeroThreshold: math.NaN(), MaxExemplars: -1, ExemplarTTL: 1},
		want: native.Config{Schema: 8, ExemplarTTL: 1},
	}} {
		t.Run(test.name, func(t *testing.T) {
			if got := *native.NewConfig(test.give); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestSchemaForEqualsClientGolang(t *testing.T) {
	factors := []float64{math.Nextafter(1, 2), 1.00271, 1.0028, 1.1, 2, 65535, 65536, 65537, 1e300, math.Inf(1)}
	for schema := -4; schema <= 8; schema++ {
		factor := math.Exp2(math.Exp2(-float64(schema)))
		factors = append(factors, factor, math.Nextafter(factor, 1), math.Nextafter(factor, math.Inf(1)))
	}
	random := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		factors = append(factors, 1+math.Exp(10*random.NormFloat64()))
	}
	for _, factor := range factors {
		if factor == 1 {
			continue
		}
		want := clientWrite(t, clientHistogram(native.Options{BucketFactor: factor})).GetSchema()
		if got := native.SchemaFor(factor); got != want {
			t.Errorf("SchemaFor(%v) = %d, want %d", factor, got, want)
		}
	}
}

func TestSchemaForPanics(t *testing.T) {
	for _, factor := range []float64{1, 0, -1, math.NaN(), math.Inf(-1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("SchemaFor(%v) has not panicked", factor)
				}
			}()
			native.SchemaFor(factor)
		}()
	}
}
