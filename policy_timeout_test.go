package metric_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestTimeoutOfCollector checks that a collector's own limit cuts off its run, and that a plain
// collector still counts as running.
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

// TestOwnLimitWhateverElseIsSlow checks that a collector's own limit applies although other
// collectors are slow, in either order of registration, and that it ends the scrape earlier.
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
			// One stream writes more than fits in memory before its turn. The other one begins first and
			// is stuck in its turn.
			r := metric.NewRegistry()
			release := make(chan struct{})
			if err := r.RegisterWith(longStream("big", 20_000, 10*time.Millisecond, nil), metric.WithName("slow")); err != nil {
				t.Fatal(err)
			}
			if err := r.RegisterWith(longStream("stuck", 100, 0, release), metric.WithName("limited"), metric.WithTimeout(limit)); err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			start := time.Now()
			metric.HandlerFor(r, metric.HandlerOpts{ErrorHandling: metric.ContinueOnError, Timeout: time.Hour}).
				ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
			// A collector that takes a context has as long again to send more samples.
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

// TestOwnLimitOfQuickRuns checks that a run that has ended never looks as if it had exceeded its
// limit.
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

// TestTimeoutWithinScrapes checks that a collector's own limit does not prolong a scrape, and is
// not blamed when the scrape ends first.
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
