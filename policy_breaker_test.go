package metric_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestBreaker checks that the breaker opens after failures in a row, and that a probe after the
// cool-down decides whether it closes.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithBreaker(3, time.Minute))
		c.fail(errTest)
		wantScrape(t, r, 0, errTest)
		wantScrape(t, r, 0, errTest)
		c.fail(nil)
		wantScrape(t, r, 3, nil) // Only failures in a row count.
		c.fail(errTest)
		for range 3 {
			wantScrape(t, r, 0, errTest)
		}
		wantScrape(t, r, 0, metric.ErrBreakerOpen)
		time.Sleep(time.Minute - 1)
		wantScrape(t, r, 0, metric.ErrBreakerOpen)
		if n := c.runs.Load(); n != 6 {
			t.Errorf("there were %d runs, want 6", n)
		}
		time.Sleep(time.Nanosecond)
		wantScrape(t, r, 0, errTest) // The probe fails.
		wantScrape(t, r, 0, metric.ErrBreakerOpen)
		time.Sleep(time.Minute)
		c.fail(nil)
		wantScrape(t, r, 8, nil) // The probe succeeds.
		c.fail(errTest)
		wantScrape(t, r, 0, errTest)
		wantScrape(t, r, 0, errTest)
	})
}

// TestBreakerCountsDeadlines checks that a run that is cut off at its deadline is a failure, and
// that a run whose client goes away does not count.
func TestBreakerCountsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{do: func(ctx context.Context) { <-ctx.Done() }}
		r := registered(t, c, metric.WithBreaker(2, time.Minute))
		for range 2 {
			wantScrape(t, r, 0, context.DeadlineExceeded)
			synctest.Wait()
		}
		wantScrape(t, r, 0, metric.ErrBreakerOpen)
		// The client of the probe goes away, so the probe does not count.
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

// TestBreakerOfAbandonedRuns checks that a client that goes away is not a failure of the collector,
// whether the run or the scrape notices it first.
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

// TestInvalidMetricIsFailure checks that an invalid metric, the only way for a plain collector to
// report an error, counts as a failure.
func TestInvalidMetricIsFailure(t *testing.T) {
	for name, invalid := range map[string]*metric.Desc{
		"valid descriptor":   desc("scripted"),
		"invalid descriptor": metric.NewInvalidDesc(errTest),
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
				c.fail(errTest)
				wantScrape(t, r, 1, errTest)
				wantScrape(t, r, 1, errTest)
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
