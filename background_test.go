package metric_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

const backgroundEvery = 10 * time.Second

// inBackgroundOf registers a collector that runs in the background, in a registry that is
// closed at the end of the test.
func inBackgroundOf(t *testing.T, c metric.Collector, opts ...metric.CollectorOption) *metric.ContextRegistry {
	t.Helper()
	r := metric.NewContextRegistry(metric.WithSelfMetrics("app"))
	t.Cleanup(func() { _ = r.Close() })
	if err := r.RegisterWith(c, append(opts, metric.WithBackground(backgroundEvery), metric.WithName("c"))...); err != nil {
		t.Fatal(err)
	}
	return r
}

// scrapeC scrapes collector c, and returns the number of the run whose samples it gets, the
// age of the result and the failure.
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

// TestBackground checks that runs start on their schedule whether there are scrapes or not, that
// no scrape starts one, and that scrapes get the last result at once, with its age.
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

// TestBackgroundIsSpread checks that collectors that were registered together do not go on
// running together.
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
		clear(starts)
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

// TestBackgroundFailure checks that a failure is reported until a run is good, and what is
// served meanwhile.
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

// TestBackgroundStuck checks that a collector that does not return at its limit is not
// started again, which everybody sees, and that it runs again when it has returned.
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

// TestBackgroundContext checks that the context of a run has no values and no end but its
// limit, and ends with Close, UnregisterNamed and ReplaceNamed.
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

// TestBackgroundClose checks that Close ends everything, tells who does not obey, can be
// called again, and that the registry goes on serving.
func TestBackgroundClose(t *testing.T) {
	forAllKinds(t, func(t *testing.T, c *metrictest.Collector, as metric.Collector) {
		r := inBackgroundOf(t, as)
		r.MustRegister(metric.NewGauge(metric.GaugeOpts{Name: "served"}))
		synctest.Wait()
		c.Become(metrictest.Stuck())
		time.Sleep(backgroundEvery)
		for range 2 {
			start := time.Now()
			if err := r.Close(); !errors.Is(err, metric.ErrStillRunning) || !strings.Contains(err.Error(), "background runs of c have") || time.Since(start) != time.Second {
				t.Errorf("Close: %v after %v", err, time.Since(start))
			}
		}
		c.Release()
		synctest.Wait()
		if err := r.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
		time.Sleep(time.Hour)
		if run, _, err := scrapeC(t, r, time.Second); run == 0 || !errors.Is(err, metric.ErrClosed) {
			t.Errorf("after Close: run %d, error %v", run, err)
		}
		families, _ := r.Gather()
		if _, ok := seriesOfFamilies(families)["served"]; !ok {
			t.Error("it does not serve the rest any more")
		}
		if n := c.Started(); n != 2 {
			t.Errorf("%d runs were started", n)
		}
		for name, register := range map[string]func() error{
			"RegisterWith": func() error {
				return r.RegisterWith(plain{"late", func(chan<- metric.Metric) {}}, metric.WithBackground(time.Second))
			},
			"ReplaceNamed": func() error {
				return r.ReplaceNamed("c", plain{"late", func(chan<- metric.Metric) {}}, metric.WithBackground(time.Second))
			},
		} {
			if err := register(); !errors.Is(err, metric.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := r.RegisterWith(plain{"late", func(ch chan<- metric.Metric) { ch <- one("late") }}); err != nil {
			t.Errorf("registering something else: %v", err)
		}
	})
}

// TestBackgroundClosedWhileWaiting checks that Close ends the wait for a first result.
func TestBackgroundClosedWhileWaiting(t *testing.T) {
	for name, end := range map[string]func(*metric.ContextRegistry){
		"Close":   func(r *metric.ContextRegistry) { _ = r.Close() },
		"removed": func(r *metric.ContextRegistry) { r.UnregisterNamed("c") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := metrictest.New("scripted", metrictest.Stuck())
				defer c.Release()
				r := inBackgroundOf(t, c)
				failed := make(chan error)
				go func() {
					_, _, err := scrapeC(t, r, time.Hour)
					failed <- err
				}()
				synctest.Wait()
				start := time.Now()
				end(r)
				if err := <-failed; err == nil || time.Since(start) > time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
			})
		})
	}
}

// TestBackgroundRegisteredAgain checks that a collector that is stuck in a run of an earlier
// registration is not started.
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

// TestBackgroundElsewhere checks that background runs work in a registry within another one,
// through wrapping registerers, and for a collector that was selected.
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

// TestBackgroundConcurrency checks that background runs count for WithConcurrency, and wait there
// for what is more important.
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

// TestBackgroundOfLostRegistry checks that background runs end when their registry is garbage.
func TestBackgroundOfLostRegistry(t *testing.T) {
	r := metric.NewContextRegistry()
	var runs atomic.Int64
	if err := r.RegisterWith(plain{"c", func(chan<- metric.Metric) { runs.Add(1) }}, metric.WithBackground(5*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(r)
	r = nil //nolint:wastedassign // It is lost.
	for end := time.Now().Add(time.Minute); ; {
		runtime.GC() // It may come during a run, which keeps the registry.
		n := runs.Load()
		if time.Sleep(200 * time.Millisecond); runs.Load() == n {
			return
		}
		if time.Now().After(end) {
			t.Fatal("it still runs")
		}
	}
}

// TestBackgroundRace has everything happen at once.
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
