package metric_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// stuckGroup has a scrape of 60 ms leave a run behind, which keeps the only place of a group.
// It returns another registry that has a collector of the group.
func stuckGroup(t *testing.T, opts ...metric.CollectorOption) *metric.ContextRegistry {
	t.Helper()
	group := metric.WithGroup(metric.NewGroup("g", 1))
	stuck := metrictest.New("stuck", metrictest.Stuck())
	t.Cleanup(stuck.Release)
	r, other := metric.NewContextRegistry(), metric.NewContextRegistry()
	if err := r.RegisterWith(stuck, append(opts, group)...); err != nil {
		t.Fatal(err)
	}
	if err := other.RegisterWith(metrictest.New("healthy", metrictest.Healthy()), group); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	if _, err := r.GatherWithContext(ctx); err == nil {
		t.Fatal("a stuck collector has no error")
	}
	return other
}

// TestGroupStuckElsewhere checks that a scrape without a deadline does not wait for ever for
// the place of a run that is stuck in another registry.
func TestGroupStuckElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := stuckGroup(t)
		began := time.Now()
		if _, err := other.GatherWithContext(t.Context()); !errors.Is(err, metric.ErrStillRunning) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestGroupStuckPastLimit checks that a run which was left behind, and then passes its
// collector's own limit, is stuck for the other registries of its group, however patient they
// are.
func TestGroupStuckPastLimit(t *testing.T) {
	for name, opts := range map[string][]metric.CollectorOption{
		"one scrape's":    {metric.WithTimeout(900 * time.Millisecond)},
		"the collector's": {metric.WithTimeout(900 * time.Millisecond), metric.WithStale(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				other := stuckGroup(t, opts...)
				time.Sleep(3 * time.Second)
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if _, err := other.GatherWithContext(ctx); !errors.Is(err, metric.ErrStillRunning) {
					t.Errorf("got %v", err)
				}
				if took := time.Since(began); took > 0 {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}
