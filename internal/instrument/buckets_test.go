package instrument

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestFindBucket compares find with a linear search.
func TestFindBucket(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	bounds := map[string][]float64{
		"default":              prometheus.DefBuckets,
		"one":                  {1},
		"one below zero":       {-1},
		"zero":                 {0},
		"infinite":             {math.Inf(1)},
		"powers of two":        prometheus.ExponentialBuckets(1, 2, 20),
		"far apart":            {5e-324, 1e-300, 1, math.MaxFloat64},
		"across zero":          prometheus.LinearBuckets(-2, 0.25, 60),
		"below zero":           prometheus.LinearBuckets(-100, 1, 90),
		"from minus infinity":  {math.Inf(-1), -1, 0, 1},
		"close":                prometheus.LinearBuckets(1000, 1, 500),
		"closest":              {1, math.Nextafter(1, 2), math.Nextafter(math.Nextafter(1, 2), 2)},
		"very many":            prometheus.LinearBuckets(1, 1, 70_000),
		"very many, up to all": append(prometheus.LinearBuckets(1, 1, 40_000), math.MaxFloat64),
		"not a number":         {1, math.NaN()},
	}
	for range 50 {
		some := make([]float64, 1+random.IntN(40))
		for i := range some {
			some[i] = random.NormFloat64() * math.Exp2(float64(random.IntN(40)-20))
		}
		slices.Sort(some)
		bounds["random"+string(rune('a'+len(bounds)))] = slices.Compact(some)
	}
	for name, upper := range bounds {
		t.Run(name, func(t *testing.T) {
			b := newBucketBounds(upper)
			values := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(math.NaN(), -1), math.MaxFloat64}
			for _, bound := range upper[:min(len(upper), 200)] {
				values = append(values, bound, -bound, math.Nextafter(bound, math.Inf(1)), math.Nextafter(bound, math.Inf(-1)))
			}
			values = append(values, upper[len(upper)-1], math.Nextafter(upper[len(upper)-1], math.Inf(1)))
			for range 1000 {
				values = append(values, random.NormFloat64()*math.Exp2(float64(random.IntN(60)-30)))
			}
			for _, v := range values {
				want := slices.IndexFunc(b.upper, func(bound float64) bool { return v <= bound })
				if want < 0 {
					want = len(b.upper)
				}
				if got := b.find(v); got != want {
					t.Fatalf("the bucket of %v is %d, want %d", v, got, want)
				}
			}
		})
	}
}
