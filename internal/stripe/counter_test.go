package stripe_test

import (
	"math"
	"testing"
	"unsafe"

	"github.com/luxfi/metric/internal/stripe"
)

// forms runs a test with a counter that is one cell, with one that has stripes, and with one whose
// goroutines all share the same stripe.
func forms(t *testing.T, test func(t *testing.T, c *stripe.Counter)) {
	t.Run("one cell", func(t *testing.T) { test(t, new(stripe.Counter)) })
	t.Run("stripes", func(t *testing.T) {
		c := new(stripe.Counter)
		c.Spread()
		test(t, c)
	})
	t.Run("inline", func(t *testing.T) {
		test(t, newInlineCounter().Counter)
	})
	t.Run("one stripe", func(t *testing.T) {
		c := new(stripe.Counter)
		c.SpreadOver(1)
		test(t, c)
	})
}

// inlineCounter is a counter that has its stripes from the start, like the library's counters.
type inlineCounter struct {
	stripe.Inline
	*stripe.Counter
}

func newInlineCounter() *inlineCounter {
	c := &inlineCounter{Counter: new(stripe.Counter)}
	c.Use(&c.Inline)
	return c
}

// Inc is implemented like the Inc method of the library's counters.
func (c *inlineCounter) Inc() {
	var here struct{}
	(*stripe.Inline)(unsafe.Pointer(c)).Ints(uint32(uintptr(unsafe.Pointer(&here))) * stripe.HashFactor).Add(1)
}

func TestInlineCellsAreInOneLine(t *testing.T) {
	for range 100 {
		for _, cell := range newInlineCounter().Cells() {
			begin := uintptr(unsafe.Pointer(cell)) % stripe.LineSize
			if end := begin + unsafe.Sizeof(*cell); end > stripe.LineSize {
				t.Fatalf("a cell begins at byte %d of a line and ends at %d", begin, end)
			}
		}
	}
}

func TestInline(t *testing.T) {
	c := newInlineCounter()
	const rounds = 1000
	together(func(int) {
		for range rounds {
			c.Inc()
			c.Inline.Add(0.25)
			c.Inline.Add(2)
			c.Counter.Add(0.25)
		}
	})
	if got, want := c.Value(), workers*rounds*3.5; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	c = newInlineCounter()
	for _, v := range []float64{1 << 53, 1 << 54, 0} { // The second is too large for the whole numbers.
		c.Inline.Add(v)
	}
	if got, want := c.Value(), 3.0*(1<<53); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := testing.AllocsPerRun(100, c.Inc); got != 0 {
		t.Errorf("Inc allocates %v times", got)
	}
}

// TestFractionsAreSummedInOrder checks that without contention the sum is the same as in a single float64, to
// the last bit, wherever the goroutine's stack is.
func TestFractionsAreSummedInOrder(t *testing.T) {
	c, want := newInlineCounter(), 0.0
	deeper(200, func() {
		c.Inline.Add(0.1)
		want += 0.1
		c.Inc()
	})
	c.Counter.Add(0.3)
	want += 0.3
	if got := c.Value() - 201; math.Abs(got-want) > 1e-12 || c.Fractions() != want {
		t.Errorf("got %v and fractions of %v, want %v", got, c.Fractions(), want)
	}
}

func TestCounterZeroValue(t *testing.T) {
	forms(t, func(t *testing.T, c *stripe.Counter) {
		if got := c.Value(); got != 0 || math.Signbit(got) {
			t.Errorf("a new counter is %v, want 0", got)
		}
	})
}

func TestCounterSums(t *testing.T) {
	const exact = 1 << 53 // up to here, a float64 holds every whole number
	inf := math.Inf(1)
	for _, test := range []struct {
		name   string
		ints   []uint64
		floats []float64
		want   float64
	}{
		{"whole", []uint64{1, 0, 41}, nil, 42},
		{"whole floats", nil, []float64{1, 0, 41}, 42},
		{"negative zero", nil, []float64{math.Copysign(0, -1)}, 0},
		{"fractions", nil, []float64{0.5, 0.25, 2}, 2.75},
		{"both", []uint64{7}, []float64{0.5}, 7.5},
		{"smallest", nil, []float64{math.SmallestNonzeroFloat64}, math.SmallestNonzeroFloat64},
		{"fractions beside large numbers", []uint64{exact}, []float64{0.5, 0.5, 0.75, 0.25}, exact + 2},
		{"ones beside a large number", []uint64{exact, 1, 1}, nil, exact + 2},
		{"one too many for the whole numbers", []uint64{exact + 2, 2}, nil, exact + 4},
		{"largest whole number", []uint64{math.MaxUint64}, nil, 1 << 64},
		{"largest whole numbers", []uint64{math.MaxUint64, math.MaxUint64, math.MaxUint64}, nil, 3 * (1 << 64)},
		{"larger than any whole number", nil, []float64{1e300, 1}, 1e300},
		{"too much", nil, []float64{math.MaxFloat64, math.MaxFloat64}, inf},
		{"infinity", []uint64{1}, []float64{inf, 1, 0.5}, inf},
		{"not a number", []uint64{1}, []float64{math.NaN(), 1, inf}, math.NaN()},
	} {
		t.Run(test.name, func(t *testing.T) {
			forms(t, func(t *testing.T, c *stripe.Counter) {
				for _, n := range test.ints {
					c.AddUint(n)
				}
				for _, v := range test.floats {
					c.Add(v)
				}
				if got := c.Value(); got != test.want && !(math.IsNaN(got) && math.IsNaN(test.want)) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			})
		})
	}
}

func TestCounterIncCountsOnes(t *testing.T) {
	forms(t, func(t *testing.T, c *stripe.Counter) {
		for i := range 10_000 {
			if got := c.Value(); got != float64(i) {
				t.Fatalf("got %v after %d increments", got, i)
			}
			c.Inc()
		}
	})
}

// TestCounterPassesTwoToThe64 adds the largest value for the whole numbers of a cell until every one of
// them would have wrapped around. All sums are multiples of it, so a float64 holds them exactly.
func TestCounterPassesTwoToThe64(t *testing.T) {
	const step = 1 << 53
	forms(t, func(t *testing.T, c *stripe.Counter) {
		for i := range 3 * 2048 {
			if i%2 == 0 {
				c.AddUint(step)
			} else {
				c.Add(step)
			}
			if got, want := c.Value(), float64(i+1)*step; got != want {
				t.Fatalf("got %v after %d additions of 2⁵³, want %v", got, i+1, want)
			}
		}
		full := c.Value()
		c.Inc()
		c.AddUint(1)
		c.Add(0.5)
		if got := c.Value(); got != full {
			t.Errorf("small numbers made %v of %v", got, full)
		}
	})
}

func TestCounterKeepsItsValueWhenItSpreads(t *testing.T) {
	var c stripe.Counter
	c.AddUint(40)
	c.Add(0.25)
	c.Spread()
	if got := c.Count(); got != stripe.Count() {
		t.Errorf("the counter has %d stripes, want %d", got, stripe.Count())
	}
	c.AddUint(2)
	c.Add(0.5)
	c.Spread() // The second call must change nothing.
	if got := c.Value(); got != 42.75 {
		t.Errorf("got %v, want 42.75", got)
	}
}

// TestCounterAloneStaysSmall checks that a single goroutine causes no contention and so no stripes.
func TestCounterAloneStaysSmall(t *testing.T) {
	var c stripe.Counter
	for i := range 100_000 {
		c.Inc()
		c.AddUint(uint64(i))
		c.Add(0.1)
	}
	if got := c.Count(); got != 0 {
		t.Errorf("a counter of one goroutine got %d stripes", got)
	}
}

func TestCounterDoesNotAllocate(t *testing.T) {
	forms(t, func(t *testing.T, c *stripe.Counter) {
		for name, op := range map[string]func(){
			"Inc":             c.Inc,
			"AddUint":         func() { c.AddUint(1500) },
			"AddUint large":   func() { c.AddUint(math.MaxUint64) },
			"Add of a whole":  func() { c.Add(3) },
			"Add of a broken": func() { c.Add(0.1) },
			"Value":           func() { c.Value() },
		} {
			if got := testing.AllocsPerRun(1000, op); got != 0 {
				t.Errorf("%s allocates %v times", name, got)
			}
		}
	})
}

func TestSizes(t *testing.T) {
	if got := unsafe.Sizeof(stripe.Counter{}); got > 32 {
		t.Errorf("a counter takes %d bytes, more than 32", got)
	}
	if got := unsafe.Sizeof(stripe.Stripe{}); got != stripe.LineSize {
		t.Errorf("a stripe takes %d bytes, a line %d", got, stripe.LineSize)
	}
	stripes := make([]stripe.Stripe, stripe.Count())
	if got := uintptr(unsafe.Pointer(unsafe.SliceData(stripes))) % stripe.LineSize; got != 0 {
		t.Errorf("the stripes begin %d bytes behind the beginning of a line", got)
	}
}
