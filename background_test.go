package metric_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

const backgroundEvery = 10 * time.Second

// inBackgroundOf returns a registry that runs the collector c in the background. The end of the test
// closes the registry.
func inBackgroundOf(t *testing.T, c metric.Collector, opts ...metric.CollectorOption) *metric.ContextRegistry {
	t.Helper()
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	t.Cleanup(func() { _ = r.Close() })
	if err := r.RegisterWith(c, append(opts, metric.WithBackground(backgroundEvery), metric.WithName("c"))...); err != nil {
		t.Fatal(err)
	}
	return r
}

// scrapeC scrapes collector c. It returns the number of the run that produced the samples, the age of the
// result, and the failure.
func scrapeC(t *testing.T, r *metric.ContextRegistry, timeout time.Duration) (run int, age float64, err error) {
	t.Helper()
	families, err := scrapeFor(t, r, timeout)
	series := seriesOfFamilies(families)
	return int(series[`scripted{series="healthy"}`]), series[`app_scrape_collector_result_age_seconds{collector="c"}`], failuresOf(err, "c")
}

func forAllKinds(t *testing.T, test func(t *testing.T, c *metrictest.Collector, as metric.Collector)) {
	t.Helper()
	for name, as := range map[string]func(*metrictest.Collector) metric.Collector{
		"with context": func(c *metrictest.Collector) metric.Collector { return c },
		"stream":       func(c *metrictest.Collector) metric.Collector { return c.Stream() },
		"plain":        func(c *metrictest.Collector) metric.Collector { return c.Plain() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := metrictest.New("scripted", metrictest.Healthy())
				test(t, c, as(c))
			})
		})
	}
}

// TestBackground checks that runs start on schedule, whether there are scrapes or not, that no scrape
// starts a run, and that scrapes get the last result and its age at once.
func TestBackground(t *testing.T) {
	forAllKinds(t, func(t *testing.T, c *metrictest.Collector, as metric.Collector) {
		r := inBackgroundOf(t, as)
		synctest.Wait()
		if n := c.Started(); n != 1 {
			t.Fatalf("%d runs after the registration, want 1", n)
		}
		for range 3 {
			if run, age, err := scrapeC(t, r, time.Second); run != 1 || age != 0 || err != nil {
				t.Errorf("a scrape got run %d, age %v, error %v", run, age, err)
			}
		}
		time.Sleep(backgroundEvery/2 - 1)
		synctest.Wait()
		if n := c.Started(); n != 1 {
			t.Errorf("%d runs before half of the period has passed", n)
		}
		time.Sleep(backgroundEvery/2 + 1)
		synctest.Wait()
		if n := c.Started(); n != 2 {
			t.Errorf("%d runs after a period, want 2", n)
		}
		for range 100 {
			c.Become(metrictest.Slow(3 * time.Second))
			time.Sleep(backgroundEvery)
			start := time.Now()
			run, age, err := scrapeC(t, r, time.Second)
			if run == 0 || err != nil || age < 0 || age > (backgroundEvery+3*time.Second).Seconds() || time.Since(start) > 0 {
				t.Fatalf("a scrape got run %d, age %v, error %v after %v", run, age, err, time.Since(start))
			}
		}
		if n := c.Started(); n != 102 || c.MostAtOnce() != 1 {
			t.Errorf("%d runs in 101 periods, %d at once", n, c.MostAtOnce())
		}
		status := r.Status()[0]
		if status.Runs != 102 || status.LastGood.IsZero() || status.CacheHits != 0 || !strings.Contains(strings.Join(status.Policies, ";"), "background 10s") {
			t.Errorf("the status is %+v", status)
		}
		if !r.UnregisterNamed("c") {
			t.Error("it was not registered")
		}
		time.Sleep(time.Hour)
		if n := c.Started(); n != 102 {
			t.Errorf("%d runs started after it was unregistered", n-102)
		}
	})
}

// TestBackgroundIsSpread checks that collectors that were registered at the same time do not always run at
// the same time.
func TestBackgroundIsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		defer r.Close()
		var mu sync.Mutex
		starts := make(map[time.Time]int)
		const n = 100
		for i := range n {
			name := fmt.Sprintf("c%d", i)
			c := plain{name, func(chan<- metric.Metric) {
				mu.Lock()
				defer mu.Unlock()
				starts[time.Now()]++
			}}
			if err := r.RegisterWith(c, metric.WithBackground(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		mu.Lock()
		clear(starts)
		mu.Unlock()
		time.Sleep(90 * time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if len(starts) < n/2 {
			t.Errorf("%d collectors have started at %d times", n, len(starts))
		}
	})
}

// TestBackgroundFirstRun checks that a scrape waits for the first run under its own context.
func TestBackgroundFirstRun(t *testing.T) {
	forAllKinds(t, func(t *testing.T, c *metrictest.Collector, as metric.Collector) {
		c.Become(metrictest.Slow(3 * time.Second))
		r := inBackgroundOf(t, as)
		start := time.Now()
		if run, _, err := scrapeC(t, r, time.Second); run != 0 || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("before the first result: run %d, error %v, after %v", run, err, time.Since(start))
		}
		if run, _, err := scrapeC(t, r, time.Minute); run != 1 || err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("with enough time: run %d, error %v, after %v", run, err, time.Since(start))
		}
		if n := c.Started(); n != 1 {
			t.Errorf("%d runs were started", n)
		}
	})
}

// TestBackgroundFailure checks that scrapes report a failure until a run succeeds, and which result they
// serve until then.
func TestBackgroundFailure(t *testing.T) {
	for name, maxAge := range map[string]time.Duration{"without": 0, "with stale": 25 * time.Second} {
		t.Run(name, func(t *testing.T) {
			forAllKinds(t, func(t *testing.T, c *metrictest.Collector, as metric.Collector) {
				var opts []metric.CollectorOption
				if maxAge > 0 {
					opts = append(opts, metric.WithStale(maxAge))
				}
				r := inBackgroundOf(t, as, opts...)
				synctest.Wait()
				c.Become(metrictest.Failing(errTest))
				time.Sleep(20 * time.Second)
				run, age, err := scrapeC(t, r, time.Second)
				if run != 1 || age != 20 || !errors.Is(err, errTest) {
					t.Errorf("after a failure: run %d, age %v, error %v", run, age, err)
				}
				time.Sleep(time.Hour)
				run, _, err = scrapeC(t, r, time.Second)
				if want := btoi(maxAge == 0); run != want || !errors.Is(err, errTest) {
					t.Errorf("after an hour of failures: run %d, error %v; want run %d", run, err, want)
				}
				if status := r.Status()[0]; !errors.Is(status.LastRunError, errTest) || !errors.Is(status.LastError, errTest) {
					t.Errorf("the status is %+v", status)
				}
				c.Become(metrictest.Healthy())
				time.Sleep(backgroundEvery)
				if run, _, err := scrapeC(t, r, time.Second); run != c.Started() || err != nil {
					t.Errorf("after a good run: run %d of %d, error %v", run, c.Started(), err)
				}
			})
		})
	}
}

// TestBackgroundStuck checks a collector that does not return at its limit: the registry does not start it
// again before it returns, and every scrape reports it.
func TestBackgroundStuck(t *testing.T) {
	forAllKinds(t, func(t *testing.T, c *metrictest.Collector, as metric.Collector) {
		r := inBackgroundOf(t, as, metric.WithTimeout(2*time.Second))
		synctest.Wait()
		c.Become(metrictest.Stuck())
		time.Sleep(15 * time.Second)
		if run, _, err := scrapeC(t, r, time.Second); run != 1 || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, metric.ErrStillRunning) {
			t.Errorf("after its limit: run %d, error %v", run, err)
		}
		time.Sleep(time.Hour)
		if run, _, err := scrapeC(t, r, time.Second); run != 1 || !errors.Is(err, metric.ErrStillRunning) {
			t.Errorf("an hour later: run %d, error %v", run, err)
		}
		if n := c.Started(); n != 2 {
			t.Errorf("%d runs were started, want 2", n)
		}
		if status := r.Status()[0]; status.StuckSince.IsZero() || status.Running != 1 {
			t.Errorf("the status is %+v", status)
		}
		c.Become(metrictest.Healthy())
		c.Release()
		time.Sleep(backgroundEvery)
		if run, _, err := scrapeC(t, r, time.Second); run != 3 || err != nil {
			t.Errorf("after it has returned: run %d, error %v", run, err)
		}
	})
}

// TestBackgroundContext checks that the context of a run has no values, that its only deadline is the
// limit of the run, and that Close, UnregisterNamed and ReplaceNamed end it.
func TestBackgroundContext(t *testing.T) {
	for name, end := range map[string]func(*metric.ContextRegistry){
		"limit":   func(*metric.ContextRegistry) {},
		"Close":   func(r *metric.ContextRegistry) { _ = r.Close() },
		"removed": func(r *metric.ContextRegistry) { r.UnregisterNamed("c") },
		"replaced": func(r *metric.ContextRegistry) {
			_ = r.ReplaceNamed("c", plain{"other", func(chan<- metric.Metric) {}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan time.Time, 1)
				c := metric.NewCollectorFunc(nil, func(ctx context.Context, _ chan<- metric.Metric) {
					if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) != time.Minute || ctx.Value(contextKey{}) != nil {
						t.Errorf("the context has the deadline %v and the value %v", deadline, ctx.Value(contextKey{}))
					}
					<-ctx.Done()
					ended <- time.Now()
				})
				r := inBackgroundOf(t, c)
				synctest.Wait()
				want := time.Now()
				if end(r); name == "limit" {
					want = want.Add(time.Minute)
				}
				if got := <-ended; !got.Equal(want) {
					t.Errorf("it ended %v late", got.Sub(want))
				}
			})
		})
	}
}
