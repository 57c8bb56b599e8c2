package order_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/order"
)

func TestBy(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // It must be repeatable.
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

func TestDeleteFunc(t *testing.T) {
	all := []int{1, 2, 3, 4, 5}
	got := order.DeleteFunc(all, func(n int) bool { return n%2 == 1 })
	if want := []int{2, 4}; !slices.Equal(got, want) || &got[0] != &all[0] {
		t.Errorf("got %v, want %v in the same array", got, want)
	}
	if want := []int{2, 4, 0, 0, 0}; !slices.Equal(all, want) {
		t.Errorf("left %v, want %v", all, want)
	}
}
