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

// TestStatusSince checks since when collectors have been good or bad, and how long their runs may
// take.
func TestStatusSince(t *testing.T) {
	kinds := map[string]struct {
		opts  []metric.CollectorOption
		limit time.Duration
	}{
		"scraped":    {nil, 3 * time.Second},
		"limited":    {[]metric.CollectorOption{metric.WithTimeout(time.Second)}, time.Second},
		"patient":    {[]metric.CollectorOption{metric.WithTimeout(time.Minute)}, 3 * time.Second},
		"background": {[]metric.CollectorOption{metric.WithBackground(10 * time.Second)}, time.Minute}, // the minimum; see WithBackground
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := metric.NewContextRegistry()
				defer func() { _ = r.Close() }()
				c := metrictest.New("family", metrictest.Flooding(1))
				before := time.Now()
				if err := r.RegisterWith(c, append(kind.opts, metric.WithName("c"))...); err != nil {
					t.Fatal(err)
				}
				scrape := func() metric.CollectorStatus {
					synctest.Wait()
					_, _ = scrapeFor(t, r, 3*time.Second)
					return r.Status()[0]
				}
				first := scrape()
				if !first.Since.Equal(before) || first.LastError != nil || first.LastLimit != kind.limit {
					t.Errorf("after the first scrape: since %v, limit %v, error %v", first.Since.Sub(before), first.LastLimit, first.LastError)
				}
				time.Sleep(time.Minute)
				if s := scrape(); !s.Since.Equal(before) {
					t.Errorf("it has been good since %v, want the first scrape", s.Since.Sub(before))
				}
				c.Become(metrictest.Failing(errTest))
				time.Sleep(time.Minute)
				failed := scrape()
				if at := failed.Since.Sub(before); !errors.Is(failed.LastError, errTest) || at <= time.Minute || at > 2*time.Minute {
					t.Errorf("it has failed since %v with %v", at, failed.LastError)
				}
				time.Sleep(time.Minute)
				if s := scrape(); !s.Since.Equal(failed.Since) {
					t.Errorf("it has failed since %v, want %v", s.Since.Sub(before), failed.Since.Sub(before))
				}
				c.Become(metrictest.Flooding(1))
				time.Sleep(time.Minute)
				if s := scrape(); s.Since.Sub(before) <= 3*time.Minute || s.LastError != nil {
					t.Errorf("it has been good again since %v, with %v", s.Since.Sub(before), s.LastError)
				}
			})
		})
	}
}

// TestStatusWithoutLimit checks that a run without any deadline has no limit.
func TestStatusWithoutLimit(t *testing.T) {
	r := metric.NewContextRegistry()
	if err := r.RegisterWith(metrictest.New("family", metrictest.Flooding(1)), metric.WithName("c")); err != nil {
		t.Fatal(err)
	}
	if s := r.Status()[0]; !s.Since.IsZero() {
		t.Errorf("before the first scrape, since is %v", s.Since)
	}
	_, _ = r.GatherWithContext(context.Background())
	if s := r.Status()[0]; s.LastLimit != 0 || s.Since.IsZero() {
		t.Errorf("limit %v, since %v", s.LastLimit, s.Since)
	}
}

// TestCardinalityOfExpired checks that the expiry of a vector and the number of expired series are
// visible.
func TestCardinalityOfExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := metric.NewContextRegistry()
		v := metric.NewCounterVec(metric.CounterOpts{Name: "requests_total"}, []string{"code"})
		r.MustRegister(v)
		if got := r.Cardinality(1)[0]; got.Expiry != 0 || got.Expired != 0 {
			t.Errorf("without expiry: %+v", got)
		}
		v.SetExpiry(time.Minute)
		v.WithLabelValues("200").Inc()
		v.WithLabelValues("500").Inc()
		time.Sleep(2 * time.Minute)
		if got := r.Cardinality(1)[0]; got.Expiry != time.Minute || got.Expired != 2 || got.Series != 0 {
			t.Errorf("after both have expired: %+v", got)
		}
	})
}
