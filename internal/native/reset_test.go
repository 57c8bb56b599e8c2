package native_test

import (
	"testing"
	"time"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/native"
)

// TestResetLike checks that Buckets that join coarser ones count an observation in the same bucket as
// these.
func TestResetLike(t *testing.T) {
	cfg := native.NewConfig(native.Options{BucketFactor: 1.1, MaxBuckets: 2, MaxZeroThreshold: 1})
	var first, second native.Buckets
	first.Reset(cfg)
	var limiter native.Limiter
	limiter.Init(cfg, time.Now())
	for _, v := range []float64{0.5, 0.75, 3, 50, 700} {
		for first.Observe(v) {
			if remedy, _ := limiter.Apply([]*native.Buckets{&first}, time.Now()); remedy == native.NoRemedy {
				break
			}
		}
	}
	second.Reset(cfg)
	second.Observe(9)
	second.ResetLike(&first)
	if n := second.Len(); n != 0 {
		t.Errorf("after ResetLike there are %d buckets", n)
	}
	second.Observe(0.5)
	second.Observe(-3)

	var (
		merger native.Merger
		got    model.NativeHistogram
		want   model.NativeHistogram
	)
	merger.Reset()
	merger.Add(&first)
	merger.Write(&want)
	merger.Reset()
	merger.Add(&second)
	merger.Write(&got)
	if want.Schema == cfg.Schema || want.ZeroThreshold == cfg.ZeroThreshold {
		t.Fatal("the limit has had no effect")
	}
	if got.Schema != want.Schema || got.ZeroThreshold != want.ZeroThreshold || got.ZeroCount != 1 || second.Len() != 1 {
		t.Errorf("got %+v, want the schema and the zero threshold of %+v", got, want)
	}
}
