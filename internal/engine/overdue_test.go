package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// TestStillRunning checks that a collector that has outlived a scrape fails at once until it returns, and
// runs again after that.
func TestStillRunning(t *testing.T) {
	bothKinds(t, func(t *testing.T, c *blocker) {
		var e engine.Engine
		if o := scrape(&e, time.Second, c.Collector)[0]; !errors.Is(o.Err, context.DeadlineExceeded) {
			t.Errorf("the first scrape ended with %v", o.Err)
		}
		for range 3 {
			start := time.Now()
			o := e.Collect(t.Context(), jobs(c.Collector))[0]
			tookUpTo(t, start, 0, grace)
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

// TestLateSamples checks that no other scrape gets the samples that a run sends after the end of its own
// scrape. If a run can see its context, its sink reports that no scrape waits.
func TestLateSamples(t *testing.T) {
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e engine.Engine
				first := true
				c := &engine.Collector{Shared: isShared, Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
					if !first {
						return nil
					}
					first = false
					time.Sleep(2 * time.Second)
					sink.Drop(errors.New("too late"))
					if err := sink.Sample(family, &model.Point{}); errors.Is(err, engine.ErrAbandoned) == isShared {
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

// TestCancelledShared checks that others may join a shared run after a client has gone away, until the run
// outlives one of them.
func TestCancelledShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		c := newBlocker(true)
		ctx, cancel := context.WithCancel(t.Context())
		first := inBackground(ctx, &e, c.Collector)
		synctest.Wait()
		cancel()
		if o := <-first; !errors.Is(o.Err, context.Canceled) {
			t.Errorf("the canceled scrape ended with %v", o.Err)
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

// TestCancelledAware checks that a run that was canceled a moment ago does not keep its collector from a
// scrape that allows more time, because any client can go away early. A scrape without a deadline waits
// for the return of the run, or for the end of the grace period.
func TestCancelledAware(t *testing.T) {
	for _, test := range []struct {
		name     string
		returns  time.Duration // after it was canceled
		deadline time.Duration // deadline of the next scrape; 0 if it has none
		wait     time.Duration // how long the next scrape takes
		want     error
	}{
		{name: "with a deadline", returns: time.Minute, deadline: time.Second},
		{name: "without, returns soon", returns: 20 * time.Millisecond, wait: 10 * time.Millisecond},
		{name: "without, does not return", returns: time.Minute, wait: 490 * time.Millisecond, want: engine.ErrStillRunning},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e engine.Engine
				var runs atomic.Int32
				c := aware(func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
					if runs.Add(1) == 1 {
						<-ctx.Done()
						time.Sleep(test.returns)
						return ctx.Err()
					}
					send(sink, 1)
					return nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				canceled := inBackground(ctx, &e, c)
				synctest.Wait()
				cancel()
				<-canceled // The scrape has waited for the run's last samples.
				ctx, cancel = t.Context(), func() {}
				if test.deadline > 0 {
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
				}
				start := time.Now()
				o := e.Collect(ctx, jobs(c))[0]
				cancel()
				took(t, start, test.wait)
				if !errors.Is(o.Err, test.want) || (o.Err == nil) != (test.want == nil) {
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
