package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// bothKinds runs a test with gates that are shared and with such that are not.
func bothKinds(t *testing.T, test func(t *testing.T, c *gate)) {
	t.Helper()
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, newGate(isShared)) })
		})
	}
}

// TestStillRunning checks that a collector which has outlived a scrape fails at once
// until it returns, and runs again then.
func TestStillRunning(t *testing.T) {
	bothKinds(t, func(t *testing.T, c *gate) {
		var e engine.Engine
		if o := scrape(&e, time.Second, c.Collector)[0]; !errors.Is(o.Err, context.DeadlineExceeded) {
			t.Errorf("the first scrape ended with %v", o.Err)
		}
		for range 3 {
			start := time.Now()
			o := e.Collect(t.Context(), jobs(c.Collector))[0]
			took(t, start, 0)
			if !errors.Is(o.Err, engine.ErrStillRunning) || len(o.Samples) > 0 {
				t.Errorf("while it runs: %v, %v", values(o), o.Err)
			}
			time.Sleep(time.Hour)
		}
		c.wantStarted(t, 1)
		c.open()
		synctest.Wait()
		o := scrape(&e, time.Second, c.Collector)[0]
		wantValues(t, o, 1, 2)
		if o.Err != nil {
			t.Errorf("the last scrape ended with %v", o.Err)
		}
		c.wantStarted(t, 2)
	})
}

// TestLateSamples checks that a run which nobody waits for learns it from its sink,
// and that nobody else gets what it sends.
func TestLateSamples(t *testing.T) {
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e engine.Engine
				first := true
				c := &engine.Collector{Shared: isShared, Run: func(_ context.Context, sink engine.Sink) error {
					if !first {
						return nil
					}
					first = false
					time.Sleep(2 * time.Second)
					sink.Drop(errors.New("too late"))
					if err := sink.Sample(family, &model.Point{}); !errors.Is(err, engine.ErrAbandoned) {
						t.Errorf("a late sample: %v", err)
					}
					return nil
				}}
				scrape(&e, time.Second, c)
				time.Sleep(2 * time.Second)
				if o := scrape(&e, time.Second, c)[0]; len(o.Samples)+o.Dropped.Count() > 0 || o.Err != nil {
					t.Errorf("the next scrape got %+v", o)
				}
			})
		})
	}
}

// TestCancelledShared checks that others may join a shared run which a client has
// turned away from, until it outlives one of them.
func TestCancelledShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		c := newGate(true)
		ctx, cancel := context.WithCancel(t.Context())
		first := inBackground(ctx, &e, c.Collector)
		synctest.Wait()
		cancel()
		if o := <-first; !errors.Is(o.Err, context.Canceled) {
			t.Errorf("the cancelled scrape ended with %v", o.Err)
		}
		second := inBackground(t.Context(), &e, c.Collector)
		if o := scrape(&e, time.Second, c.Collector)[0]; !errors.Is(o.Err, context.DeadlineExceeded) {
			t.Errorf("a scrape with a deadline ended with %v", o.Err)
		}
		if o := scrape(&e, time.Second, c.Collector)[0]; !errors.Is(o.Err, engine.ErrStillRunning) {
			t.Errorf("after a deadline: %v", o.Err)
		}
		c.open()
		o := <-second
		wantValues(t, o, 1, 2)
		if o.Err != nil {
			t.Errorf("the scrape that joined ended with %v", o.Err)
		}
		c.wantStarted(t, 1)
	})
}

// TestCancelledAware checks that a cancelled run has a moment to return, in which a
// scrape waits for it, and that it counts as overdue afterwards.
func TestCancelledAware(t *testing.T) {
	for _, test := range []struct {
		name    string
		returns time.Duration // After it was cancelled.
		wait    time.Duration // How long the next scrape waits.
		want    error
	}{
		{name: "returns soon", returns: 20 * time.Millisecond, wait: 20 * time.Millisecond},
		{name: "does not", returns: time.Minute, wait: 100 * time.Millisecond, want: engine.ErrStillRunning},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e engine.Engine
				first := true
				c := aware(func(ctx context.Context, sink engine.Sink) error {
					if first {
						first = false
						<-ctx.Done()
						time.Sleep(test.returns)
						return ctx.Err()
					}
					send(sink, 1)
					return nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				cancelled := inBackground(ctx, &e, c)
				synctest.Wait()
				cancel()
				<-cancelled
				start := time.Now()
				o := scrape(&e, time.Second, c)[0]
				took(t, start, test.wait)
				if !errors.Is(o.Err, test.want) {
					t.Errorf("the next scrape ended with %v, want %v", o.Err, test.want)
				}
				time.Sleep(test.returns)
				o = scrape(&e, time.Second, c)[0]
				wantValues(t, o, 1)
				if o.Err != nil {
					t.Errorf("the last scrape ended with %v", o.Err)
				}
			})
		})
	}
}
