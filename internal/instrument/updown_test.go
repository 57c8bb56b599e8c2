package instrument_test

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/instrument"
)

func newUpDown(t *testing.T) *instrument.UpDown {
	t.Helper()
	v := instrument.NewUpDowns(prometheus.GaugeVecOpts{GaugeOpts: prometheus.GaugeOpts{Name: "u"}})
	u, err := v.Get(nil)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestUpDown(t *testing.T) {
	tests := []struct {
		name string
		add  []float64
		want float64
	}{
		{"nothing", nil, 0},
		{"up", []float64{1, 2}, 3},
		{"below zero", []float64{1, -3}, -2},
		{"fractions", []float64{0.5, -0.25, -1}, -0.75},
		{"exact beyond 2⁵³", []float64{1 << 53, 1, 1, -(1 << 53)}, 2},
		{"large", []float64{1e300, -1e300}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := newUpDown(t)
			for _, v := range test.add {
				u.Add(v)
			}
			if got := u.Get(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestUpDownOfInts(t *testing.T) {
	tests := []struct {
		name string
		add  []int64
		want float64
	}{
		{"up and down", []int64{3, -5}, -2},
		{"beyond 2⁵³ at once", []int64{1<<53 + 1, 1<<53 + 1, -(1 << 53), -(1 << 53)}, 2},
		{"the smallest and the largest", []int64{math.MinInt64, math.MaxInt64}, -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			u := newUpDown(t)
			for _, n := range test.add {
				u.AddInt(n)
			}
			if got := u.Get(); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestUpDownIsNeverNegative checks that no reader sees a negative value while goroutines go up before they
// go down.
func TestUpDownIsNeverNegative(t *testing.T) {
	u := newUpDown(t)
	var adding, reading sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		adding.Go(func() {
			for range 20_000 {
				u.Add(1)
				u.Add(-1)
			}
		})
	}
	lowest := 0.0
	reading.Go(func() {
		for {
			lowest = math.Min(lowest, u.Get())
			select {
			case <-done:
				return
			default:
			}
		}
	})
	adding.Wait()
	close(done)
	reading.Wait()
	if got := u.Get(); got != 0 || lowest < 0 {
		t.Errorf("in the end it is %v, and %v was read meanwhile", got, lowest)
	}
}

func TestUpDownUnderConcurrency(t *testing.T) {
	u := newUpDown(t)
	var group sync.WaitGroup
	sums := make([]float64, 4)
	for i := range sums {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 2))
			for range 10_000 {
				v := float64(random.IntN(2001)-1000) / 4
				u.Add(v)
				sums[i] += v
			}
		})
	}
	group.Wait()
	want := 0.0
	for _, sum := range sums {
		want += sum
	}
	if got := u.Get(); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
