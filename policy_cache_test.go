package metric_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestCache checks that scrapes get the last good result until the time of the cache is over, and
// that a failure is not cached.
func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithCache(time.Minute))
		wantScrape(t, r, 1, nil)
		time.Sleep(59 * time.Second)
		wantScrape(t, r, 1, nil)
		time.Sleep(time.Second)
		wantScrape(t, r, 2, nil)
		c.fail(errTest)
		wantScrape(t, r, 2, nil)
		time.Sleep(time.Minute)
		wantScrape(t, r, 0, errTest)
		wantScrape(t, r, 0, errTest)
		c.fail(nil)
		wantScrape(t, r, 5, nil)
	})
}

// TestCacheSharesRun checks that scrapes share the run that refreshes a cache, even if the collector
// takes a context, and that each scrape waits under its own context.
func TestCacheSharesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended error
		c := &scripted{do: func(ctx context.Context) {
			select {
			case <-time.After(5 * time.Second):
			case <-ctx.Done():
				ended = ctx.Err()
			}
		}}
		r := registered(t, c, metric.WithCache(time.Minute))
		var scrapes sync.WaitGroup
		for range 10 {
			scrapes.Go(func() {
				if got, err := scrapeOnce(t, r, time.Hour); got != 1 || err != nil {
					t.Errorf("got value %v and error %v", got, err)
				}
			})
		}
		scrapes.Wait()
		if n := c.runs.Load(); n != 1 || ended != nil {
			t.Errorf("there were %d runs, and the context ended with %v", n, ended)
		}
		// The run belongs to the collector: it goes on when its scrape ends, and the next scrape gets
		// the result.
		time.Sleep(time.Minute)
		wantScrape(t, r, 0, context.DeadlineExceeded)
		wantScrape(t, r, 0, metric.ErrStillRunning)
		time.Sleep(5 * time.Second)
		wantScrape(t, r, 2, nil)
		if n := c.runs.Load(); n != 2 || ended != nil {
			t.Errorf("there were %d runs, and the context ended with %v", n, ended)
		}
	})
}

// TestCacheOfSlowCollector checks that a collector that is slower than every scrape is cached.
func TestCacheOfSlowCollector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{do: func(context.Context) { time.Sleep(10 * time.Second) }}
		r := registered(t, hideContext{ignorant{c}}, metric.WithCache(time.Minute))
		wantScrape(t, r, 0, context.DeadlineExceeded)
		wantScrape(t, r, 0, metric.ErrStillRunning)
		time.Sleep(10 * time.Second)
		wantScrape(t, r, 1, nil)
	})
}

// TestKeptRunEnds checks that a run that goes on without a scrape ends at its limit.
func TestKeptRunEnds(t *testing.T) {
	for name, test := range map[string]struct {
		opts []metric.CollectorOption
		want time.Duration
	}{
		"cache":          {[]metric.CollectorOption{metric.WithCache(time.Hour)}, time.Second + time.Minute},
		"stale":          {[]metric.CollectorOption{metric.WithStale(time.Hour)}, time.Second + time.Minute},
		"cache, timeout": {[]metric.CollectorOption{metric.WithCache(time.Hour), metric.WithTimeout(5 * time.Second)}, 5 * time.Second},
		"stale, timeout": {[]metric.CollectorOption{metric.WithStale(time.Hour), metric.WithTimeout(5 * time.Minute)}, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ended time.Time
				c := &scripted{do: func(ctx context.Context) {
					<-ctx.Done()
					ended = time.Now()
				}}
				r := registered(t, c, test.opts...)
				start := time.Now()
				wantScrape(t, r, 0, context.DeadlineExceeded)
				time.Sleep(time.Hour)
				synctest.Wait()
				if took := ended.Sub(start); took != test.want {
					t.Errorf("the context has ended after %v, want %v", took, test.want)
				}
			})
		})
	}
}

// TestStale checks that the last good result is served together with a failure until it is too old.
func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithStale(time.Minute))
		wantScrape(t, r, 1, nil)
		wantScrape(t, r, 2, nil)
		c.fail(errTest)
		wantScrape(t, r, 2, errTest)
		time.Sleep(time.Minute)
		wantScrape(t, r, 2, errTest)
		time.Sleep(time.Nanosecond)
		wantScrape(t, r, 0, errTest)
		c.fail(nil)
		wantScrape(t, r, 6, nil)
	})
}

// TestStaleWhileStuck is like [TestStale] for a collector that does not return.
func TestStaleWhileStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour)
		c := &scripted{}
		r := registered(t, hideContext{ignorant{c}}, metric.WithStale(time.Minute))
		wantScrape(t, r, 1, nil)
		c.do = func(context.Context) { time.Sleep(time.Hour) }
		wantScrape(t, r, 1, context.DeadlineExceeded)
		wantScrape(t, r, 1, metric.ErrStillRunning)
		time.Sleep(time.Minute)
		wantScrape(t, r, 0, metric.ErrStillRunning)
	})
}
