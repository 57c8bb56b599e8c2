package order_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/order"
)

func TestBy(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // It has to be repeatable.
	for n := range 100 {
		got := make([]int, n)
		for i := range got {
			got[i] = random.IntN(50)
		}
		want := slices.Sorted(slices.Values(got))
		order.By(got, cmp.Compare[int])
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}
