package metric_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// scripted is a collector that does what it is told. Its one sample has the number of
// the run as its value.
type scripted struct {
	runs atomic.Int64
	do   func(ctx context.Context) // Nil does nothing.
	err  atomic.Pointer[error]
}

func (c *scripted) Describe(ch chan<- *metric.Desc) { ch <- desc("scripted") }
func (c *scripted) Collect(ch chan<- metric.Metric) {
	metric.CollectStream(context.Background(), c, ch)
}
func (c *scripted) CollectTo(ctx context.Context, s *metric.Sink) error {
	n := c.runs.Add(1)
	if c.do != nil {
		c.do(ctx)
	}
	if err := c.err.Load(); err != nil {
		return *err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.Gauge(desc("scripted"), float64(n))
}

func (c *scripted) fail(err error) {
	if err == nil {
		c.err.Store(nil)
		return
	}
	c.err.Store(&err)
}

// ignorant is a scripted collector that takes no context.
type ignorant struct{ *scripted }

func (c ignorant) Describe(ch chan<- *metric.Desc) { ch <- desc("scripted") }
func (c ignorant) Collect(ch chan<- metric.Metric) {
	n := c.runs.Add(1)
	if c.do != nil {
		c.do(context.Background())
	}
	ch <- metric.MustNewConstMetric(desc("scripted"), metric.GaugeValue, float64(n))
}

// hideContext leaves a collector only what any collector has.
type hideContext struct{ metric.Collector }

var errLuck = errors.New("no luck")

// scrapeOnce gathers with a timeout. It returns the value of the scripted collector, 0
// if it is missing, and its failure.
func scrapeOnce(t *testing.T, r *metric.ContextRegistry, timeout time.Duration) (float64, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	families, err := r.GatherWithContext(ctx)
	value := 0.0
	for _, f := range families {
		if f.GetName() == "scripted" {
			value = f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return value, failuresOf(err, "c")
}

func wantScrape(t *testing.T, r *metric.ContextRegistry, value float64, failure error) {
	t.Helper()
	got, err := scrapeOnce(t, r, time.Second)
	if got != value || !errors.Is(err, failure) || (err == nil) != (failure == nil) {
		t.Errorf("got value %v and error %v, want %v and %v", got, err, value, failure)
	}
}

func registered(t *testing.T, c metric.Collector, opts ...metric.CollectorOption) *metric.ContextRegistry {
	t.Helper()
	r := metric.NewContextRegistry()
	if err := r.RegisterWith(c, append(opts, metric.WithName("c"))...); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTimeoutOfCollector(t *testing.T) {
	for name, build := range map[string]func(*scripted) metric.Collector{
		"stream": func(c *scripted) metric.Collector { return c },
		"plain":  func(c *scripted) metric.Collector { return hideContext{ignorant{c}} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(time.Hour)
				c := &scripted{do: func(ctx context.Context) {
					select {
					case <-ctx.Done():
					case <-time.After(time.Minute):
					}
				}}
				r := registered(t, build(c), metric.WithTimeout(100*time.Millisecond))
				start := time.Now()
				_, err := scrapeOnce(t, r, time.Second)
				if took := time.Since(start); took != 100*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the scrape took %v and got error %v", took, err)
				}
				if name == "plain" {
					wantScrape(t, r, 0, metric.ErrStillRunning)
				}
			})
		})
	}
}

// TestOwnLimitWhateverElseIsSlow: a collector's own limit does not wait for other
// collectors, whichever was registered first, nor is there a wait for the limit of the
// scrape because of it.
func TestOwnLimitWhateverElseIsSlow(t *testing.T) {
	const limit = time.Second
	sleeping := func(name string, d time.Duration) metric.Collector {
		return hideContext{plain{name, func(ch chan<- metric.Metric) {
			time.Sleep(d)
			ch <- metric.MustNewConstMetric(desc(name), metric.GaugeValue, 1)
		}}}
	}
	scrape := func(t *testing.T, r *metric.ContextRegistry) (took time.Duration, limited, slow error) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err := r.GatherWithContext(ctx)
		return time.Since(start), failuresOf(err, "limited"), failuresOf(err, "slow")
	}
	for name, names := range map[string][]string{"limited first": {"limited", "slow"}, "limited last": {"slow", "limited"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := metric.NewRegistry()
				for _, name := range names {
					opts := []metric.CollectorOption{metric.WithName(name)}
					duration := 2 * time.Minute
					if name == "limited" {
						opts = append(opts, metric.WithTimeout(limit))
						duration = time.Minute
					}
					if err := r.RegisterWith(sleeping(name, duration), opts...); err != nil {
						t.Fatal(err)
					}
				}
				took, limited, slow := scrape(t, r)
				if took != 2*time.Minute || !errors.Is(limited, context.DeadlineExceeded) || slow != nil {
					t.Errorf("took %v, got %v and %v", took, limited, slow)
				}
				for _, c := range r.Status() {
					if c.Name == "limited" && c.LastDuration != limit {
						t.Errorf("it was left behind after %v", c.LastDuration)
					}
				}
			})
		})
	}
	t.Run("concurrency", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := metric.NewContextRegistry(metric.WithConcurrency(1))
			if err := r.RegisterWith(sleeping("limited", time.Minute), metric.WithName("limited"), metric.WithTimeout(limit)); err != nil {
				t.Fatal(err)
			}
			if err := r.RegisterWith(sleeping("slow", time.Second), metric.WithName("slow")); err != nil {
				t.Fatal(err)
			}
			took, limited, slow := scrape(t, r)
			if took != limit+time.Second || !errors.Is(limited, context.DeadlineExceeded) || slow != nil {
				t.Errorf("took %v, got %v and %v", took, limited, slow)
			}
			time.Sleep(time.Minute)
		})
	})
	t.Run("streams", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// The one is more than is held while it is not its turn. The other begins
			// first, and is stuck in its turn.
			r := metric.NewRegistry()
			release := make(chan struct{})
			if err := r.RegisterWith(newLongStream("big", 20_000, 10*time.Millisecond, nil), metric.WithName("slow")); err != nil {
				t.Fatal(err)
			}
			if err := r.RegisterWith(newLongStream("stuck", 100, 0, release), metric.WithName("limited"), metric.WithTimeout(limit)); err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			start := time.Now()
			metric.HandlerFor(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, Timeout: time.Hour}).
				ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
			// A collector that can see its context has as long again for its last words.
			if took := time.Since(start); took != 2*limit {
				t.Errorf("it took %v", took)
			}
			if n := strings.Count(w.Body.String(), "\nbig{"); n != 20_000 {
				t.Errorf("got %d of the samples", n)
			}
			close(release)
		})
	})
}

// longStream is a stream collector of a family of n series with a KiB of label each.
type longStream struct {
	desc    *metric.Desc
	n       int
	wait    time.Duration   // Before the first.
	release <-chan struct{} // After the last, if not nil.
}

func newLongStream(name string, n int, wait time.Duration, release <-chan struct{}) metric.StreamCollector {
	return &longStream{metric.NewDesc(name, "", []string{"i", "padding"}, nil), n, wait, release}
}

func (c *longStream) Describe(ch chan<- *metric.Desc) { ch <- c.desc }
func (c *longStream) Collect(ch chan<- metric.Metric) {
	metric.CollectStream(context.Background(), c, ch)
}

func (c *longStream) CollectTo(_ context.Context, s *metric.Sink) error {
	time.Sleep(c.wait)
	padding := strings.Repeat("x", 1<<10)
	for i := range c.n {
		if err := s.Gauge(c.desc, 1, strconv.Itoa(i), padding); err != nil {
			return err
		}
	}
	if c.release != nil {
		<-c.release
	}
	return nil
}

// TestOwnLimitOfQuickRuns: that a run has ended must never look like its own limit.
func TestOwnLimitOfQuickRuns(t *testing.T) {
	for name, c := range map[string]metric.Collector{"stream": &scripted{}, "plain": hideContext{ignorant{&scripted{}}}} {
		t.Run(name, func(t *testing.T) {
			r := registered(t, c, metric.WithTimeout(time.Hour))
			for range 5000 {
				if _, err := r.Gather(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestTimeoutWithinScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{do: func(ctx context.Context) { <-ctx.Done() }}
		r := registered(t, c, metric.WithTimeout(time.Hour))
		start := time.Now()
		if _, err := scrapeOnce(t, r, time.Second); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "own limit") {
			t.Errorf("got error %v", err)
		}
		if took := time.Since(start); took != 900*time.Millisecond {
			t.Errorf("the scrape took %v", took)
		}
	})
}

func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithCache(time.Minute))
		wantScrape(t, r, 1, nil)
		time.Sleep(59 * time.Second)
		wantScrape(t, r, 1, nil)
		time.Sleep(time.Second)
		wantScrape(t, r, 2, nil)
		c.fail(errLuck)
		wantScrape(t, r, 2, nil)
		time.Sleep(time.Minute)
		wantScrape(t, r, 0, errLuck)
		wantScrape(t, r, 0, errLuck)
		c.fail(nil)
		wantScrape(t, r, 5, nil)
	})
}

// TestCacheSharesRun checks that scrapes share the run that refreshes a cache, though
// it can see a context, and that each waits under its own.
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
		// The run belongs to the collector: it goes on when its scrape ends, and the next
		// one gets the result.
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

// TestKeptRunEnds checks that a run which goes on without a scrape does not do so forever.
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

// TestCacheOfSlowCollector has a collector that is slower than any scrape.
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

func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithStale(time.Minute))
		wantScrape(t, r, 1, nil)
		wantScrape(t, r, 2, nil)
		c.fail(errLuck)
		wantScrape(t, r, 2, errLuck)
		time.Sleep(time.Minute)
		wantScrape(t, r, 2, errLuck)
		time.Sleep(time.Nanosecond)
		wantScrape(t, r, 0, errLuck)
		c.fail(nil)
		wantScrape(t, r, 6, nil)
	})
}

// TestInvalidMetricOfStream has one that could also return its error.
func TestInvalidMetricOfStream(t *testing.T) {
	c := streamOf("scripted", func(_ context.Context, s *metric.Sink) error {
		if err := s.Metric(metric.NewInvalidMetric(desc("scripted"), errLuck)); err != nil {
			return err
		}
		return s.Gauge(desc("scripted"), 1)
	})
	wantScrape(t, registered(t, c), 1, errLuck)
	n := 0
	for m := range metricsOf(c) {
		if err := m.Write(&metric.MetricData{}); err != nil && !errors.Is(err, errLuck) {
			t.Errorf("got error %v", err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("collected %d metrics", n)
	}
}

// metricsOf collects from c.
func metricsOf(c metric.Collector) <-chan metric.Metric {
	ch := make(chan metric.Metric, 100)
	c.Collect(ch)
	close(ch)
	return ch
}

// TestInvalidMetricIsFailure has a collector that tells the only way in which a plain
// one can that it has failed.
func TestInvalidMetricIsFailure(t *testing.T) {
	for name, invalid := range map[string]*metric.Desc{
		"valid descriptor":   desc("scripted"),
		"invalid descriptor": metric.NewInvalidDesc(errLuck),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &scripted{}
				collect := plain{"scripted", func(ch chan<- metric.Metric) {
					if err := c.err.Load(); err != nil {
						ch <- metric.NewInvalidMetric(invalid, *err)
						return
					}
					ch <- metric.MustNewConstMetric(desc("scripted"), metric.GaugeValue, float64(c.runs.Add(1)))
				}}
				r := registered(t, collect, metric.WithStale(time.Minute), metric.WithBreaker(2, time.Minute))
				wantScrape(t, r, 1, nil)
				c.fail(errLuck)
				wantScrape(t, r, 1, errLuck)
				wantScrape(t, r, 1, errLuck)
				wantScrape(t, r, 1, metric.ErrBreakerOpen)
				if s := r.Status()[0]; s.Failures != 3 || s.Runs != 3 || s.Dropped != 0 {
					t.Errorf("got status %+v", s)
				}
				c.fail(nil)
				time.Sleep(time.Minute)
				wantScrape(t, r, 2, nil)
			})
		})
	}
}

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

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithBreaker(3, time.Minute))
		c.fail(errLuck)
		wantScrape(t, r, 0, errLuck)
		wantScrape(t, r, 0, errLuck)
		c.fail(nil)
		wantScrape(t, r, 3, nil) // Only failures in a row count.
		c.fail(errLuck)
		for range 3 {
			wantScrape(t, r, 0, errLuck)
		}
		wantScrape(t, r, 0, metric.ErrBreakerOpen)
		time.Sleep(time.Minute - 1)
		wantScrape(t, r, 0, metric.ErrBreakerOpen)
		if n := c.runs.Load(); n != 6 {
			t.Errorf("there were %d runs, want 6", n)
		}
		time.Sleep(time.Nanosecond)
		wantScrape(t, r, 0, errLuck) // The probe fails.
		wantScrape(t, r, 0, metric.ErrBreakerOpen)
		time.Sleep(time.Minute)
		c.fail(nil)
		wantScrape(t, r, 8, nil) // The probe succeeds.
		c.fail(errLuck)
		wantScrape(t, r, 0, errLuck)
		wantScrape(t, r, 0, errLuck)
	})
}

func TestBreakerCountsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{do: func(ctx context.Context) { <-ctx.Done() }}
		r := registered(t, c, metric.WithBreaker(2, time.Minute))
		for range 2 {
			wantScrape(t, r, 0, context.DeadlineExceeded)
			synctest.Wait()
		}
		wantScrape(t, r, 0, metric.ErrBreakerOpen)
		// The client of the probe goes away, which decides nothing.
		time.Sleep(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if _, err := r.GatherWithContext(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v", err)
		}
		synctest.Wait()
		c.do = nil
		wantScrape(t, r, 4, nil)
	})
}

// TestBreakerOfAbandonedRuns: a client that goes away is no failure of the collector,
// whether it is the run or the scrape that learns of it first.
func TestBreakerOfAbandonedRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registered(t, &scripted{do: func(ctx context.Context) { <-ctx.Done() }}, metric.WithBreaker(1, time.Hour))
		for range 100 {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			if _, err := r.GatherWithContext(ctx); !errors.Is(err, context.Canceled) {
				t.Fatalf("got error %v", err)
			}
			synctest.Wait()
		}
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithRateLimit(0.1, 2))
		wantScrape(t, r, 1, nil)
		wantScrape(t, r, 2, nil)
		wantScrape(t, r, 0, metric.ErrRateLimited)
		time.Sleep(10 * time.Second)
		wantScrape(t, r, 3, nil)
		wantScrape(t, r, 0, metric.ErrRateLimited)
	})
}

// TestOrderOfPolicies checks what takes nothing from what.
func TestOrderOfPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithRateLimit(0.01, 2), metric.WithBreaker(1, time.Minute),
			metric.WithCache(10*time.Second), metric.WithStale(time.Hour))
		for range 5 {
			wantScrape(t, r, 1, nil) // Takes nothing from the rate limit.
		}
		time.Sleep(10 * time.Second)
		c.fail(errLuck)
		wantScrape(t, r, 1, errLuck)
		for range 5 {
			wantScrape(t, r, 1, metric.ErrBreakerOpen)
		}
		time.Sleep(time.Minute)
		c.fail(nil)
		for range 5 { // The breaker is half-open, and stays so.
			wantScrape(t, r, 1, metric.ErrRateLimited)
		}
		time.Sleep(100 * time.Second)
		wantScrape(t, r, 3, nil)
	})
}

func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := metric.NewGroup("database", 2)
		var running, most atomic.Int64
		multi := metric.NewMultiGatherer()
		for i := range 2 {
			r, err := metric.MakeAndRegister(multi, fmt.Sprint(i))
			if err != nil {
				t.Fatal(err)
			}
			for j := range 5 {
				name := fmt.Sprintf("c_%d_%d", i, j)
				c := plain{name, func(ch chan<- metric.Metric) {
					most.Store(max(most.Load(), running.Add(1)))
					time.Sleep(time.Second)
					running.Add(-1)
					ch <- one(name)
				}}
				if err := r.RegisterWith(c, metric.WithGroup(group)); err != nil {
					t.Fatal(err)
				}
			}
		}
		start := time.Now()
		families, err := multi.Gather()
		if len(families) != 10 || err != nil {
			t.Errorf("gathered %d families with error %v", len(families), err)
		}
		if took := time.Since(start); took != 5*time.Second || most.Load() != 2 {
			t.Errorf("it took %v, and %d ran at once", took, most.Load())
		}
	})
}

// TestStuckMemberOfGroup checks that a member that is stuck keeps its place, that the others use
// those that are left, and that they fail at once when none is.
func TestStuckMemberOfGroup(t *testing.T) {
	for places, wantGood := range map[int]bool{1: false, 2: true} {
		t.Run(fmt.Sprint(places), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				group := metric.NewGroup("database", places)
				r := registered(t, plain{"stuck", func(chan<- metric.Metric) { time.Sleep(time.Hour) }}, metric.WithGroup(group))
				for range 2 {
					_, _ = scrapeOnce(t, r, time.Second)
				}
				if err := r.RegisterWith(plain{"good", func(ch chan<- metric.Metric) { ch <- one("good") }}, metric.WithGroup(group), metric.WithName("good")); err != nil {
					t.Fatal(err)
				}
				want := metric.GroupStatus{Name: "database", Max: places, Running: 1, Overdue: 1}
				if got := r.Status()[1].Group; got == nil || *got != want || group.Status() != want {
					t.Errorf("the status of the group is %+v, want %+v", got, want)
				}
				page := requestTo(metric.StatusHandler(r), "/").Body.String()
				if text := fmt.Sprintf("1 of %d run, 1 overdue", places); !strings.Contains(page, text) {
					t.Errorf("the page does not say %q:\n%s", text, page)
				}
				start := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				families, err := r.GatherWithContext(ctx)
				if took := time.Since(start); took > 0 {
					t.Errorf("the scrape took %v", took)
				}
				if !errors.Is(failuresOf(err, "c"), metric.ErrStillRunning) {
					t.Errorf("the stuck one: %v", err)
				}
				failed := failuresOf(err, "good")
				if wantGood {
					wantFamilies(t, families, []string{"good"})
					if failed != nil {
						t.Errorf("the good one: %v", failed)
					}
				} else if !errors.Is(failed, metric.ErrStillRunning) || !strings.Contains(failed.Error(), `all 1 places of group "database"`) {
					t.Errorf("the good one: %v", failed)
				}
				time.Sleep(time.Hour)
				if _, err := scrapeOnce(t, r, time.Second); err == nil {
					t.Error("the stuck one is good") // It runs again, and takes an hour.
				}
			})
		})
	}
}

// TestGroupOfRegistriesPerRequest checks that registries that are made for one request each do
// not pile up runs of collectors that share a group, and that a scrape with more time than
// others is not refused because of them.
func TestGroupOfRegistriesPerRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 3
		var (
			group    = metric.NewGroup("probes", places)
			released = make(chan struct{})
			started  atomic.Int64
		)
		probe := func(timeout time.Duration) error {
			r := registered(t, plain{"probe", func(ch chan<- metric.Metric) {
				started.Add(1)
				<-released
				ch <- one("probe")
			}}, metric.WithGroup(group))
			_, err := scrapeOnce(t, r, timeout)
			return err
		}
		for i := range 100 {
			start := time.Now()
			err := probe(time.Second)
			if i < places {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("probe %d: %v", i, err)
				}
			} else if !errors.Is(err, metric.ErrStillRunning) && i > places || time.Since(start) > time.Second {
				t.Errorf("probe %d, after %v: %v", i, time.Since(start), err)
			}
		}
		if n := started.Load(); n != places {
			t.Errorf("%d runs were started in a group for %d", n, places)
		}
		patient := make(chan error)
		go func() { patient <- probe(time.Hour) }()
		synctest.Wait()
		close(released)
		if err := <-patient; err != nil {
			t.Errorf("a scrape with more time: %v", err)
		}
		synctest.Wait() // For the other runs, which have been released as well.
		if got := group.Status(); got.Running != 0 || got.Overdue != 0 {
			t.Errorf("at the end the group has %+v", got)
		}
	})
}

func TestPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry(metric.WithConcurrency(1))
		var mu sync.Mutex
		var order []string
		for _, c := range []struct {
			name     string
			priority metric.Priority
		}{
			{"low_1", metric.PriorityLow}, {"normal_1", metric.PriorityNormal}, {"critical_1", metric.PriorityCritical},
			{"low_2", metric.PriorityLow}, {"critical_2", metric.PriorityCritical}, {"normal_2", metric.PriorityNormal},
		} {
			err := r.RegisterWith(plain{c.name, func(ch chan<- metric.Metric) {
				mu.Lock()
				order = append(order, c.name)
				mu.Unlock()
				time.Sleep(time.Second)
				ch <- one(c.name)
			}}, metric.WithPriority(c.priority))
			if err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
		defer cancel()
		families, err := r.GatherWithContext(ctx)
		wantFamilies(t, families, []string{"critical_1", "critical_2", "normal_1", "normal_2"})
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(order, []string{"critical_1", "critical_2", "normal_1", "normal_2", "low_1"}) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("they ran in the order %q, with error %v", order, err)
		}
		time.Sleep(time.Second)
	})
}

// TestPriorityOverScrapes has a critical collector that is asked for last, by a scrape of
// its own, while many others wait for the only place: it comes next.
func TestPriorityOverScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry(metric.WithConcurrency(1))
		var mu sync.Mutex
		var order []string
		register := func(name string, p metric.Priority) {
			err := r.RegisterWith(plain{name, func(chan<- metric.Metric) {
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				time.Sleep(time.Second)
			}}, metric.WithName(name), metric.WithPriority(p))
			if err != nil {
				t.Fatal(err)
			}
		}
		var scrapes sync.WaitGroup
		scrape := func(name string) {
			scrapes.Go(func() {
				if _, err := r.GatherWithContext(metric.Select(t.Context(), metric.Selection{Collectors: []string{name}})); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(time.Millisecond)
		}
		for i, p := range []metric.Priority{metric.PriorityNormal, metric.PriorityLow, metric.PriorityNormal, metric.PriorityLow, metric.PriorityCritical} {
			name := fmt.Sprintf("%d_%d", i, p)
			register(name, p)
			scrape(name)
		}
		scrapes.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(order) != 5 || order[1] != "4_1" || order[2] != "2_0" {
			t.Errorf("they ran in the order %q", order)
		}
	})
}

// TestWaitForGroupEndsWithContext: who waits for a turn in vain leaves when the client
// does.
func TestWaitForGroupEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := metric.NewGroup("database", 1)
		holder := metrictest.New("holder", metrictest.Stuck())
		other := registered(t, holder, metric.WithGroup(group))
		var holding sync.WaitGroup
		holding.Go(func() { _, _ = other.GatherWithContext(t.Context()) })
		synctest.Wait()
		waiting := metrictest.New("waiting", metrictest.Healthy())
		r := registered(t, waiting, metric.WithGroup(group), metric.WithTimeout(time.Millisecond))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := r.GatherWithContext(ctx)
		if took := time.Since(start); took != time.Second || !errors.Is(failuresOf(err, "c"), context.Canceled) || waiting.Started() != 0 {
			t.Errorf("it took %v, with error %v after %d runs", took, err, waiting.Started())
		}
		time.AfterFunc(time.Second, holder.Release)
		if families, err := scrapeFor(t, r, time.Minute); err != nil || len(families) != 1 {
			t.Errorf("when its turn came: %d families and error %v", len(families), err)
		}
		holding.Wait()
	})
}

// both are two options that are refused together.
type both struct {
	metric.CollectorOption

	other metric.CollectorOption
}

func TestPoliciesRefused(t *testing.T) {
	c := plain{"a", func(chan<- metric.Metric) {}}
	for name, tc := range map[string]struct {
		c       metric.Collector
		opt     metric.CollectorOption
		problem string
	}{
		"timeout":    {c, metric.WithTimeout(0), "timeout"},
		"cache":      {c, metric.WithCache(-1), "cache"},
		"stale":      {c, metric.WithStale(0), "stale"},
		"background": {c, metric.WithBackground(0), "background 0s: the values must be positive"},
		"backwards":  {c, metric.WithBackground(-time.Second), "background"},
		"breaker":    {c, metric.WithBreaker(0, time.Second), "breaker"},
		"cooldown":   {c, metric.WithBreaker(1, 0), "breaker"},
		"rate":       {c, metric.WithRateLimit(0, 1), "rate limit"},
		"burst":      {c, metric.WithRateLimit(1, 0), "rate limit"},
		"group":      {c, metric.WithGroup(nil), "group"},
		"instrument": {counterNamed("a"), metric.WithCache(time.Second), "not for a"},
		"registry":   {metric.NewRegistry(), metric.WithTimeout(time.Second), "not for a"},
		"never runs": {counterNamed("a"), metric.WithBackground(time.Second), "not for a"},
		"two caches": {c, both{metric.WithCache(time.Second), metric.WithBackground(time.Minute)}, "needs no cache"},
		"too stale":  {c, both{metric.WithStale(time.Minute), metric.WithBackground(time.Minute)}, "must be longer"},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry()
			opts := []metric.CollectorOption{tc.opt}
			if two, ok := tc.opt.(both); ok {
				opts = []metric.CollectorOption{two.CollectorOption, two.other}
			}
			if err := r.RegisterWith(tc.c, opts...); err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("got error %v", err)
			}
			if len(r.Status()) != 0 {
				t.Error("it was registered nevertheless")
			}
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("a group for nobody was made")
		}
	}()
	metric.NewGroup("empty", 0)
}

func TestReplaceNamed(t *testing.T) {
	r := metric.NewContextRegistry()
	gauge := func(value float64) metric.Collector {
		g := metric.NewGauge(metric.GaugeOpts{Name: "scripted", Help: "Of a test."})
		g.Set(value)
		return g
	}
	for i := range 3 {
		if err := r.ReplaceNamed("c", gauge(float64(i+1))); err != nil {
			t.Fatal(err)
		}
		wantScrape(t, r, float64(i+1), nil)
	}
	if err := r.ReplaceNamed("c", metric.NewGauge(metric.GaugeOpts{Name: ""})); err == nil {
		t.Error("an invalid collector was registered")
	}
	wantScrape(t, r, 3, nil)
	var stop atomic.Bool
	var replacing sync.WaitGroup
	replacing.Go(func() {
		for i := 4.0; !stop.Load(); i++ {
			if err := r.ReplaceNamed("c", gauge(i)); err != nil {
				t.Error(err)
			}
		}
	})
	last := 0.0
	for range 300 {
		value, err := scrapeOnce(t, r, time.Minute)
		if value < last || value == 0 || err != nil {
			t.Errorf("got %v after %v, with error %v", value, last, err)
		}
		last = value
	}
	stop.Store(true)
	replacing.Wait()
}

// TestRegisteredAgainWhileStuck checks that no second run is started, whoever registers
// the collector anew.
func TestRegisteredAgainWhileStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(2 * time.Hour)
		c := &scripted{do: func(context.Context) { time.Sleep(time.Hour) }}
		stuck := hideContext{ignorant{c}}
		r := registered(t, stuck)
		wantScrape(t, r, 0, context.DeadlineExceeded)
		for range 10 {
			if !r.Unregister(stuck) {
				t.Fatal("it was not there")
			}
			if err := r.RegisterWith(stuck, metric.WithName("c")); err != nil {
				t.Fatal(err)
			}
			wantScrape(t, r, 0, metric.ErrStillRunning)
		}
		if n := c.runs.Load(); n != 1 {
			t.Errorf("%d runs were started", n)
		}
	})
}

// TestOtherwiseRegisteredAgainWhileStuck is the same for a collector behind a wrapping,
// which is a new one each time, and for a gatherer.
func TestOtherwiseRegisteredAgainWhileStuck(t *testing.T) {
	tests := map[string]func(c metric.Collector) (gather func(context.Context) error, again func() error){
		"wrapped collector": func(c metric.Collector) (func(context.Context) error, func() error) {
			r := metric.NewRegistry()
			wrapped := metric.WrapRegistererWithPrefix("p_", metric.WrapRegistererWith(metric.Labels{"l": "v"}, r))
			return gatherOnly(r), func() error {
				wrapped.Unregister(c)
				return wrapped.Register(c)
			}
		},
		"gatherer": func(c metric.Collector) (func(context.Context) error, func() error) {
			g := metric.NewMultiGatherer()
			theirs := prometheus.NewRegistry()
			theirs.MustRegister(c)
			return gatherOnly(g), func() error {
				g.Deregister("theirs")
				return g.Register("theirs", theirs)
			}
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				c := &scripted{do: func(context.Context) { time.Sleep(time.Hour) }}
				gather, again := test(hideContext{ignorant{c}})
				want := context.DeadlineExceeded
				for range 10 {
					if err := again(); err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					if err := gather(ctx); !errors.Is(err, want) {
						t.Errorf("got %v, want %v", err, want)
					}
					cancel()
					want = metric.ErrStillRunning
				}
				if n := c.runs.Load(); n != 1 {
					t.Errorf("%d runs were started", n)
				}
			})
		})
	}
}

func gatherOnly(g metric.GathererWithContext) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := g.GatherWithContext(ctx)
		return err
	}
}
