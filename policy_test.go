package metric_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/metrictest"
)

// TestRateLimit checks that a collector runs no more often than its rate and burst allow.
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

// TestOrderOfPolicies checks that inner policies do not see the scrapes that outer ones answer.
func TestOrderOfPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{}
		r := registered(t, c, metric.WithRateLimit(0.01, 2), metric.WithBreaker(1, time.Minute),
			metric.WithCache(10*time.Second), metric.WithStale(time.Hour))
		for range 5 {
			wantScrape(t, r, 1, nil) // The cache answers, so the rate limit does not count it.
		}
		time.Sleep(10 * time.Second)
		c.fail(errTest)
		wantScrape(t, r, 1, errTest)
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

// optionPair is a pair of options that are refused together.
type optionPair struct {
	metric.CollectorOption

	other metric.CollectorOption
}

// TestPoliciesRefused checks that options that are invalid, by themselves, together or for a
// collector, are refused, and that nothing is registered then.
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
		"two caches": {c, optionPair{metric.WithCache(time.Second), metric.WithBackground(time.Minute)}, "needs no cache"},
		"too stale":  {c, optionPair{metric.WithStale(time.Minute), metric.WithBackground(time.Minute)}, "must be longer"},
	} {
		t.Run(name, func(t *testing.T) {
			r := metric.NewContextRegistry()
			opts := []metric.CollectorOption{tc.opt}
			if two, ok := tc.opt.(optionPair); ok {
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

// TestRateLimitText checks that the text says how often a collector may run.
func TestRateLimitText(t *testing.T) {
	for limit, want := range map[rate.Limit]string{
		10: "rate limit 10/s, burst 2", 1: "rate limit 1/s, burst 2", 0.5: "rate limit 1 per 2s, burst 2",
		rate.Every(time.Hour): "rate limit 1 per 1h0m0s, burst 2", 2.0 / 3: "rate limit 1 per 1.5s, burst 2",
	} {
		r := metric.NewContextRegistry()
		if err := r.RegisterWith(metrictest.New("family", metrictest.Flooding(1)), metric.WithRateLimit(limit, 2)); err != nil {
			t.Fatal(err)
		}
		if got := r.Status()[0].Policies; len(got) != 1 || got[0] != want {
			t.Errorf("%v: got %q, want %q", limit, got, want)
		}
	}
}
