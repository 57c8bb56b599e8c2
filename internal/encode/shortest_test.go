package encode

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestShortest tests every exponent that shortest supports, and the exponents next to them.
func TestShortest(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for exp := -20; exp <= 60; exp++ {
		power := math.Ldexp(1, exp)
		up, down := power, power
		for range 300 {
			checkFloat(t, up)
			checkFloat(t, -down)
			up, down = math.Nextafter(up, math.Inf(+1)), math.Nextafter(down, 0)
		}
		for range 3000 {
			checkFloat(t, power*(1+r.Float64()))
			// Mantissas that end in zeros sometimes lie midway between two decimals.
			checkFloat(t, power*(1+float64(r.Uint64()>>(12+r.IntN(52)))/(1<<52)))
		}
	}
	for range 300_000 {
		checkFloat(t, float64(r.Uint64()>>11)/float64(uint64(1)<<r.IntN(8)))
	}
}

// TestDigits tests all numbers of up to four digits, and those around each power of ten.
func TestDigits(t *testing.T) {
	check := func(n uint64) {
		t.Helper()
		want := strconv.FormatUint(n, 10)
		if got := countDigits(n); got != len(want) {
			t.Fatalf("%d has %d digits, not %d", n, len(want), got)
		}
		if got := string(appendDigits([]byte("x"), n, len(want))); got != "x"+want {
			t.Fatalf("got %s, want x%s", got, want)
		}
		if got := string(appendDigits(nil, n, 24)); got != "000000000000000000000000"[len(want):]+want {
			t.Fatalf("got %s, want %s with zeros in front", got, want)
		}
		if n >= expFrom {
			return
		}
		if got := string(appendSmall([]byte("x"), n)); got != "x"+want {
			t.Fatalf("got %s, want x%s", got, want)
		}
	}
	for n := range uint64(10_000) {
		check(n)
	}
	for _, power := range powersOf10 {
		for n := power - 1; n != power+2; n++ {
			check(n)
		}
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 100_000 {
		check(r.Uint64() >> r.IntN(64))
	}
	check(math.MaxUint64)
}
