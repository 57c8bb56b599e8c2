package engine_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// TestBufferCopies checks that a buffer keeps nothing that the caller reuses, and that a snapshot does not
// change.
func TestBufferCopies(t *testing.T) {
	var b engine.Buffer
	text := []byte(`a="1"`)
	p := model.Point{
		Labels:    model.VolatileLabels(text, false),
		Histogram: &model.HistogramValue{Buckets: []model.Bucket{{Count: 1}}},
		Summary:   &model.SummaryValue{Quantiles: []model.Quantile{{Value: 1}}},
	}
	if err := b.Sample(family, &p); err != nil {
		t.Fatal(err)
	}
	b.Drop(errOwn)
	before := b.Snapshot()
	samples, dropped := before.Samples, before.Dropped
	text[3] = '2'
	p.Histogram.Buckets[0].Count = 2
	p.Summary.Quantiles[0].Value = 2
	if err := b.Sample(family, &p); err != nil {
		t.Fatal(err)
	}
	b.Drop(errOwn)
	b.Close()
	b.Close()
	if len(samples) != 1 || dropped.Count() != 1 {
		t.Fatalf("the snapshot has %d samples and %d errors now", len(samples), dropped.Count())
	}
	got := samples[0].Point
	if got.Labels.Text() != `a="1"` || got.Histogram.Buckets[0].Count != 1 || got.Summary.Quantiles[0].Value != 1 {
		t.Errorf("the sample is now %+v", got)
	}
}

func TestBufferClosed(t *testing.T) {
	var b engine.Buffer
	send(&b, 1)
	b.Close()
	if err := b.Sample(family, &model.Point{}); !errors.Is(err, engine.ErrAbandoned) {
		t.Errorf("after Close: %v", err)
	}
	b.Drop(errOwn)
	if all := b.Snapshot(); all.Count()+all.Dropped.Count() > 0 {
		t.Errorf("after Close there are %v and %v", all.Samples, all.Dropped.Errors())
	}
}

// TestBufferConcurrentSafe checks that each snapshot is a prefix of what is written, and that nothing is
// lost.
func TestBufferConcurrentSafe(t *testing.T) {
	const writers, each = 4, 500
	var (
		b  engine.Buffer
		wg sync.WaitGroup
	)
	for writer := range writers {
		wg.Go(func() {
			for i := range each {
				send(&b, float64(writer*each+i))
				b.Drop(errOwn)
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			var before []model.Sample
			for range each {
				samples := b.Snapshot().Samples
				for i, s := range before {
					if samples[i].Point.Value != s.Point.Value {
						t.Errorf("sample %d has changed", i)
						return
					}
				}
				before = samples
			}
		})
	}
	wg.Wait()
	all := b.Snapshot()
	samples, dropped := all.Samples, all.Dropped
	seen := make(map[float64]bool)
	for _, s := range samples {
		seen[s.Point.Value] = true
	}
	if len(seen) != writers*each || len(samples) != writers*each || dropped.Count() != writers*each {
		t.Errorf("%d different of %d samples and %d errors, want %d", len(seen), len(samples), dropped.Count(), writers*each)
	}
}
