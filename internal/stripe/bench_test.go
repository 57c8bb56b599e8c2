package stripe_test

import (
	"sync/atomic"
	"testing"

	"github.com/luxfi/metric/internal/stripe"
)

// The baseline is a single atomic.Uint64.
//
//	go test -run '^$' -bench . -cpu 1,2 -count 5 ./internal/stripe

func BenchmarkAtomicAdd(b *testing.B) {
	var n atomic.Uint64
	for range b.N {
		n.Add(1)
	}
}

func BenchmarkInc(b *testing.B) {
	var c stripe.Counter
	for range b.N {
		c.Inc()
	}
}

func BenchmarkIncInline(b *testing.B) {
	c := newInlineCounter()
	for range b.N {
		c.Inc()
	}
}

func BenchmarkAdd(b *testing.B) {
	var c stripe.Counter
	for range b.N {
		c.AddUint(1500)
	}
}

func BenchmarkAddWhole(b *testing.B) {
	var c stripe.Counter
	for range b.N {
		c.Add(3)
	}
}

func BenchmarkAddFraction(b *testing.B) {
	var c stripe.Counter
	for range b.N {
		c.Add(0.1)
	}
}

func BenchmarkValue(b *testing.B) {
	var c stripe.Counter
	for range b.N {
		c.Value()
	}
}

func BenchmarkParallelAtomicAdd(b *testing.B) {
	var n atomic.Uint64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n.Add(1)
		}
	})
}

func BenchmarkParallelInc(b *testing.B) {
	var c stripe.Counter
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Inc()
		}
	})
}

func BenchmarkParallelAddFraction(b *testing.B) {
	var c stripe.Counter
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Add(0.1)
		}
	})
}
