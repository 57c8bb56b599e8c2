package metric_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestBackgroundRegisteredAgain checks that a collector is not started while it is stuck in a run of an
// earlier registration.
func TestBackgroundRegisteredAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := metrictest.New("scripted", metrictest.Stuck())
		r := inBackgroundOf(t, c)
		time.Sleep(time.Minute)
		for range 3 {
			if err := r.ReplaceNamed("c", c, metric.WithBackground(backgroundEvery)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if _, _, err := scrapeC(t, r, time.Second); !errors.Is(err, metric.ErrStillRunning) {
				t.Errorf("registered again: %v", err)
			}
		}
		if n := c.Started(); n != 1 {
			t.Errorf("%d runs were started", n)
		}
		c.Become(metrictest.Healthy())
		c.Release()
		time.Sleep(backgroundEvery)
		if run, _, err := scrapeC(t, r, time.Second); run < 2 || err != nil {
			t.Errorf("after it has returned: run %d, %v", run, err)
		}
	})
}

// TestBackgroundElsewhere checks background runs in a registry that is nested in another one, through
// wrapping registerers, and for a selected collector.
func TestBackgroundElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := metrictest.New("scripted", metrictest.Healthy())
		inner := inBackgroundOf(t, c)
		outer := metric.NewContextRegistry()
		if err := metric.WrapRegistererWithPrefix("pre_", outer).Register(inner); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		ctx := metric.Select(t.Context(), metric.Selection{Families: []string{"pre_scripted"}})
		families, err := outer.GatherWithContext(ctx)
		if got := int(seriesOfFamilies(families)[`pre_scripted{series="healthy"}`]); got != c.Started() || err != nil {
			t.Errorf("got run %d of %d, error %v", got, c.Started(), err)
		}
		started := c.Started()
		for _, selected := range []metric.Selection{{Collectors: []string{"c"}}, {Exclude: []string{"c"}}} {
			families, err := inner.GatherWithContext(metric.Select(t.Context(), selected))
			if got := seriesOfFamilies(families)[`scripted{series="healthy"}`] > 0; got != (selected.Exclude == nil) || err != nil {
				t.Errorf("%+v: served %v, error %v", selected, got, err)
			}
		}
		if err := outer.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(backgroundEvery)
		synctest.Wait()
		if n := c.Started(); n != started+1 {
			t.Errorf("%d runs, want %d: the registry around it does not own it", n, started+1)
		}
	})
}

// TestBackgroundConcurrency checks that background runs count toward WithConcurrency, where they wait for
// collectors with a higher priority.
func TestBackgroundConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry(metric.WithConcurrency(2))
		defer r.Close()
		var running, most atomic.Int64
		for i := range 6 {
			c := plain{fmt.Sprintf("c%d", i), func(chan<- metric.Metric) {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(time.Second)
				running.Add(-1)
			}}
			if err := r.RegisterWith(c, metric.WithBackground(5*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if n := most.Load(); n != 2 {
			t.Errorf("%d ran at once", n)
		}
		for _, s := range r.Status() {
			if s.Runs < 9 || s.LastRunError != nil || s.LastError != nil {
				t.Errorf("%s: %+v", s.Name, s)
			}
		}
	})
}

// TestBackgroundRace calls everything concurrently, for the race detector.
func TestBackgroundRace(t *testing.T) {
	r := metric.NewContextRegistry(metric.WithConcurrency(2), metric.WithSelfMetrics("app"))
	var all sync.WaitGroup
	for i := range 8 {
		name := fmt.Sprintf("c%d", i)
		c := plain{name, func(ch chan<- metric.Metric) { ch <- one(name) }}
		all.Go(func() {
			for range 50 {
				if err := r.ReplaceNamed(name, c, metric.WithBackground(time.Microsecond)); err != nil && !errors.Is(err, metric.ErrClosed) {
					t.Error(err)
				}
				_, _ = r.Gather()
				_ = r.Status()
				r.UnregisterNamed(name)
			}
		})
	}
	all.Go(func() {
		time.Sleep(10 * time.Millisecond)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
