package metric_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
)

// TestRegisteredAgainWhileStuck checks that registering a stuck collector again does not start
// a second run.
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

// TestOtherwiseRegisteredAgainWhileStuck is like [TestRegisteredAgainWhileStuck] for a collector
// behind a new wrapping each time, and for a gatherer.
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
