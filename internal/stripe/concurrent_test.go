package stripe_test

import (
	"math"
	"sync"
	"testing"

	"github.com/luxfi/metric/internal/stripe"
)

const workers = 8

// together runs work in several goroutines that start as simultaneously as possible, and returns when
// all of them have.
func together(work func(worker int)) {
	var (
		wg    sync.WaitGroup
		start = make(chan struct{})
	)
	for worker := range workers {
		wg.Go(func() {
			<-start
			work(worker)
		})
	}
	close(start)
	wg.Wait()
}

func TestConcurrentSumsAreExact(t *testing.T) {
	const rounds = 8000
	for _, test := range []struct {
		name string
		add  func(c *stripe.Counter)
		each float64 // its multiples up to the sum are exact in a float64
	}{
		{"Inc", (*stripe.Counter).Inc, 1},
		{"AddUint", func(c *stripe.Counter) { c.AddUint(1500) }, 1500},
		{"Add of a whole", func(c *stripe.Counter) { c.Add(3) }, 3},
		{"Add of a fraction", func(c *stripe.Counter) { c.Add(0.25) }, 0.25},
		{"all", func(c *stripe.Counter) { c.Inc(); c.AddUint(2); c.Add(4); c.Add(0.5) }, 7.5},
		{"past 2⁶⁴", func(c *stripe.Counter) { c.AddUint(1 << 53) }, 1 << 53},
		{"far past 2⁶⁴", func(c *stripe.Counter) { c.AddUint(1 << 63) }, 1 << 63},
	} {
		t.Run(test.name, func(t *testing.T) {
			forms(t, func(t *testing.T, c *stripe.Counter) {
				together(func(int) {
					for range rounds {
						test.add(c)
					}
				})
				if got, want := c.Value(), workers*rounds*test.each; got != want {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		})
	}
}

// TestConcurrentFractionsMeet checks the sum after so many additions that some of them contend.
func TestConcurrentFractionsMeet(t *testing.T) {
	const rounds = 60_000
	forms(t, func(t *testing.T, c *stripe.Counter) {
		together(func(int) {
			for range rounds {
				c.Add(0.25)
			}
		})
		if got, want := c.Value(), 0.25*workers*rounds; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestConcurrentSpread checks that no addition is lost when the counter gets stripes while goroutines add
// to it.
func TestConcurrentSpread(t *testing.T) {
	const rounds = 2000
	for range 20 {
		var c stripe.Counter
		together(func(worker int) {
			for i := range rounds {
				if i == 100*worker {
					c.Spread()
				}
				c.Inc()
				c.Add(0.5)
			}
		})
		if got, want := c.Value(), 1.5*workers*rounds; got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// TestConcurrentValueNeverGoesDown checks that readers never see the value go down while goroutines add,
// in all forms of a counter: one cell, stripes, and whole numbers past 2⁶⁴.
func TestConcurrentValueNeverGoesDown(t *testing.T) {
	const rounds = 5000
	for _, test := range []struct {
		name string
		add  func(c *stripe.Counter, worker int)
		most float64 // maximum of one addition
	}{
		{"ones", func(c *stripe.Counter, _ int) { c.Inc() }, 1},
		{"fractions", func(c *stripe.Counter, worker int) { c.Add(0.1 * float64(worker)) }, 1},
		{"past 2⁶⁴", func(c *stripe.Counter, worker int) { c.AddUint(1<<53 - uint64(worker)) }, 1 << 53},
		{"all", func(c *stripe.Counter, worker int) { c.Inc(); c.Add(0.1); c.AddUint(1 << (8 * worker)) }, 1 << 57},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c stripe.Counter
			together(func(worker int) {
				before := 0.0
				for i := range rounds {
					if worker == 0 && i == rounds/2 {
						c.Spread()
					}
					if worker%2 == 0 {
						test.add(&c, worker)
					}
					now := c.Value()
					if now < before || math.IsNaN(now) || now > workers*rounds*test.most {
						t.Errorf("the value went from %v to %v", before, now)
						return
					}
					before = now
				}
			})
		})
	}
}

// TestOwnAdditionsAreSeen checks that the value that a goroutine reads includes its own additions.
func TestOwnAdditionsAreSeen(t *testing.T) {
	forms(t, func(t *testing.T, c *stripe.Counter) {
		together(func(int) {
			for i := range 5000 {
				c.Inc()
				if got := c.Value(); got < float64(i+1) {
					t.Errorf("the value is %v after %d increments of one goroutine", got, i+1)
					return
				}
			}
		})
	})
}
