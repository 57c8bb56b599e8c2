package metric_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestStatus checks the status of a collector from before its first run until it is stuck.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		c := metrictest.New("family", metrictest.Flooding(3))
		opts := []metric.CollectorOption{metric.WithName("c"), metric.WithStale(time.Minute), metric.WithBreaker(3, time.Hour), metric.WithTimeout(2 * time.Second)}
		if err := r.RegisterWith(c, opts...); err != nil {
			t.Fatal(err)
		}
		r.MustRegister(counterNamed("counter_total"))
		status := func() metric.CollectorStatus {
			t.Helper()
			all := r.Status()
			if len(all) != 2 || all[1].Kind != "instrument" || all[1].Series != 1 || all[1].Name != "counter_total" {
				t.Fatalf("got %+v", all)
			}
			return all[0]
		}
		s := status()
		if s.Kind != "collector with context" || len(s.Policies) != 3 || !s.LastStart.IsZero() || s.Runs != 0 || s.LastError != nil || s.Breaker != metric.BreakerClosed {
			t.Errorf("before the first run: %+v", s)
		}

		start := time.Now()
		_, _ = scrapeFor(t, r, time.Second)
		s = status()
		if !s.LastStart.Equal(start) || s.Series != 3 || s.Runs != 1 || s.Failures != 0 || !s.LastGood.Equal(start) || s.Running != 0 {
			t.Errorf("after a good run: %+v", s)
		}

		time.Sleep(time.Second)
		c.Become(metrictest.Panicking(errTest))
		_, _ = scrapeFor(t, r, time.Second)
		s = status()
		if s.Panics != 1 || s.Failures != 1 || s.StaleServes != 1 || !errors.Is(s.LastError, errTest) || !s.LastGood.Equal(start) {
			t.Errorf("after a panic: %+v", s)
		}

		c.Become(metrictest.Stuck())
		start = time.Now()
		go func() { _, _ = scrapeFor(t, r, time.Second) }()
		time.Sleep(time.Second / 2)
		s = status()
		if s.Running != 1 || !s.RunningSince.Equal(start) || !s.StuckSince.IsZero() || !s.LastStart.Equal(start) {
			t.Errorf("while it runs: %+v", s)
		}
		time.Sleep(time.Second)
		_, _ = scrapeFor(t, r, time.Second)
		s = status()
		if !s.StuckSince.IsZero() || s.Timeouts != 1 || s.Failures != 3 || !errors.Is(s.LastError, metric.ErrStillRunning) || s.Runs != 3 {
			t.Errorf("while it goes on to its own limit: %+v", s)
		}
		time.Sleep(3 * time.Second)
		if s = status(); !s.StuckSince.Equal(start.Add(2*time.Second)) || s.Running != 1 {
			t.Errorf("while it is stuck: %+v", s)
		}
		c.Release()
		synctest.Wait()
		c.Become(metrictest.Failing(errTest))
		_, _ = scrapeFor(t, r, time.Second)
		_, _ = scrapeFor(t, r, time.Second)
		s = status()
		if s.Running != 0 || !s.RunningSince.IsZero() || !s.StuckSince.IsZero() {
			t.Errorf("after it has returned: %+v", s)
		}
	})
}

// TestStatusOfBreaker checks all states of a breaker.
func TestStatusOfBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		c.fail(errTest)
		r := registered(t, c, metric.WithBreaker(1, time.Minute))
		want := func(state metric.BreakerState, trips uint64) {
			t.Helper()
			if s := r.Status()[0]; s.Breaker != state || s.BreakerTrips != trips {
				t.Errorf("the breaker is in state %d after %d trips, want %d after %d", s.Breaker, s.BreakerTrips, state, trips)
			}
		}
		want(metric.BreakerClosed, 0)
		wantScrape(t, r, 0, errTest)
		want(metric.BreakerOpen, 1)
		time.Sleep(time.Minute)
		want(metric.BreakerHalfOpen, 1)
		c.fail(nil)
		wantScrape(t, r, 2, nil)
		want(metric.BreakerClosed, 1)
	})
}

// TestStatusNeverWaits checks that Status waits neither for a stuck run nor for scrapes, and calls
// no collector.
func TestStatusNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry(metric.WithConcurrency(1))
		stuck := metrictest.New("stuck", metrictest.Stuck())
		unused := metrictest.New("unused", metrictest.Panicking("it was run"))
		r.MustRegister(stuck, unused)
		var scrapes sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		for range 10 {
			scrapes.Go(func() { _, _ = r.GatherWithContext(ctx) })
		}
		synctest.Wait()
		start := time.Now()
		all := r.Status()
		if took := time.Since(start); took != 0 || all[0].Running != 1 || all[1].Runs != 0 || unused.Started() != 0 {
			t.Errorf("it took %v: %+v", took, all)
		}
		stuck.Release()
		cancel()
		scrapes.Wait()
	})
}
