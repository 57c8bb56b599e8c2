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

// TestKeptRunEndsWhenCancelled checks that a kept run ends some time after its scrape was canceled.
func TestKeptRunEndsWhenCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		ended, release := make(chan struct{}), make(chan struct{})
		c := aware(func(ctx context.Context, _ engine.Running, _ engine.Sink) error {
			defer close(ended)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-release:
				return nil
			}
		})
		c.Gate = engine.NewGate(&engine.Policy{Cache: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		e.Collect(ctx, jobs(c))
		time.Sleep(time.Hour)
		if e.IsRunning(c) {
			t.Error("after an hour the unattended kept run still goes on, its context has not ended")
		}
		close(release)
		<-ended
	})
}

// TestKeptRunEndsWhenJoinerIsCancelled is like [TestKeptRunEndsWhenCancelled] for a scrape that has joined
// a run. The deadline of the scrape that has started the run has passed.
func TestKeptRunEndsWhenJoinerIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		release := make(chan struct{})
		c := aware(func(ctx context.Context, _ engine.Running, _ engine.Sink) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-release:
				return nil
			}
		})
		c.Gate = engine.NewGate(&engine.Policy{Cache: time.Second})
		scrape(&e, time.Second, c)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		e.Collect(ctx, jobs(c))
		time.Sleep(time.Hour)
		if e.IsRunning(c) {
			t.Error("after an hour the unattended kept run still goes on")
		}
		close(release)
		synctest.Wait()
	})
}

// TestOwnRunsAreNotElsewhere checks that runs of the same engine do not count as runs of other engines.
func TestOwnRunsAreNotElsewhere(t *testing.T) {
	for _, origin := range []any{nil, "x"} {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			c := aware(func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				time.Sleep(2 * time.Second)
				send(sink, 1)
				return nil
			})
			c.Origin = origin
			go scrape(&e, 600*time.Millisecond, c)
			go scrape(&e, 600*time.Millisecond, c)
			time.Sleep(800 * time.Millisecond)
			o := scrape(&e, 10*time.Second, c)[0]
			t.Logf("origin %v: %v %v", origin, values(o), o.Err)
			if o.Err != nil {
				t.Errorf("origin %v: %v", origin, o.Err)
			}
			time.Sleep(5 * time.Second)
		})
	}
}

// TestVolumeOfRunsThatHaveReturned checks that samples that were handed out still count, in any order.
func TestVolumeOfRunsThatHaveReturned(t *testing.T) {
	for _, bigFirst := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			big := aware(func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				f := &model.Family{Name: "big", Type: model.Gauge}
				for i := range 300_000 {
					_ = sink.Sample(f, &model.Point{Value: float64(i)})
				}
				return nil
			})
			slow := aware(func(ctx context.Context, _ engine.Running, sink engine.Sink) error { <-ctx.Done(); return ctx.Err() })
			list := []*engine.Collector{slow, big}
			if bigFirst {
				list = []*engine.Collector{big, slow}
			}
			start := time.Now()
			o := scrape(&e, time.Second, list...)
			t.Logf("big first %v: %v, errs %v %v", bigFirst, time.Since(start), o[0].Err, o[1].Err)
			if took := time.Since(start); took > 500*time.Millisecond {
				t.Errorf("big first %v: %v left for 300000 samples at %v each", bigFirst, time.Second-took, engine.Pace())
			}
		})
	}
}

// TestVolumeIsNoVerdict checks that a run does not count for a breaker if the scrape has cut it off
// because another run has sent so much.
func TestVolumeIsNoVerdict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		big := aware(func(_ context.Context, _ engine.Running, sink engine.Sink) error {
			f := &model.Family{Name: "big", Type: model.Gauge}
			for i := range 240_000 {
				_ = sink.Sample(f, &model.Point{Value: float64(i)})
			}
			return nil
		})
		fine := aware(func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
			select {
			case <-time.After(700 * time.Millisecond):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		fine.Gate = engine.NewGate(&engine.Policy{Breaker: engine.NewBreaker(1, time.Hour)})
		o := scrape(&e, time.Second, fine, big)
		st := e.Stats([]*engine.Collector{fine})[0]
		t.Logf("%v after %v; breaker %v", o[0].Err, o[0].Duration, st.Breaker)
		if st.Breaker != engine.BreakerClosed {
			t.Error("the breaker opened because another collector has sent much")
		}
		time.Sleep(time.Minute)
	})
}

// TestFullBufferCostsNoPatientScrape checks that a scrape that allows enough time waits for a run that has
// filled its buffer unattended, and loses nothing else.
func TestFullBufferCostsNoPatientScrape(t *testing.T) {
	for _, how := range []string{"deadline", "canceled"} {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			c := shared(func(sink engine.Sink) error {
				time.Sleep(50 * time.Millisecond)
				for i := range 300_000 {
					_ = sink.Sample(family, &model.Point{Value: float64(i)})
				}
				time.Sleep(500 * time.Millisecond)
				return nil
			})
			ctx, cancel := context.WithCancel(t.Context())
			if how == "deadline" {
				ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
			}
			time.AfterFunc(10*time.Millisecond, cancel)
			e.Collect(ctx, jobs(c))
			time.Sleep(90 * time.Millisecond)
			start := time.Now()
			o := scrape(&e, 20*time.Second, c)[0]
			t.Logf("%s: %d samples, %v after %v", how, len(o.Samples), o.Err, time.Since(start))
			if o.Err != nil {
				t.Error("an impatient client cost a patient one everything")
			}
			time.Sleep(time.Minute)
		})
	}
}

// endedContext ends by its deadline right after the first call of Err.
type endedContext struct {
	context.Context //nolint:containedctx // The struct is a context.

	looks int
	done  chan struct{}
}

func (c *endedContext) Done() <-chan struct{} { return c.done }
func (c *endedContext) Err() error {
	if c.looks++; c.looks == 1 {
		return nil
	}
	return context.DeadlineExceeded
}

// TestKeptLimitWhileJoined lets the limit of a kept run pass while a scrape joins it and leaves.
func TestKeptLimitWhileJoined(t *testing.T) {
	for range 40 {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			c := &engine.Collector{Shared: true, Gate: engine.NewGate(&engine.Policy{Cache: time.Second}), Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				time.Sleep(5 * time.Minute)
				return nil
			}}
			scrape(&e, time.Second, c)
			time.Sleep(time.Minute)
			ended := &endedContext{Context: context.Background(), done: make(chan struct{})}
			close(ended.done)
			e.Collect(ended, jobs(c))
			time.Sleep(10 * time.Minute)
		})
	}
}

// TestEarlierRegistrationIsRemembered checks that a stuck run of an earlier registration is not forgotten
// when a scrape that allows enough time has started another one.
func TestEarlierRegistrationIsRemembered(t *testing.T) {
	for _, again := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			release := make(chan struct{})
			var started atomic.Bool
			run := func(context.Context, engine.Running, engine.Sink) error {
				if started.CompareAndSwap(false, true) {
					<-release
				}
				return nil
			}
			c := aware(run)
			scrape(&e, time.Second, c)
			if again {
				c = &engine.Collector{Run: run, Earlier: c}
			}
			scrape(&e, 10*time.Second, c) // starts a run, because the scrape allows more time than the stuck run has taken
			time.Sleep(time.Minute)
			o := scrape(&e, 10*time.Second, c)[0]
			t.Logf("registered again %v: %v", again, o.Err)
			if !errors.Is(o.Err, engine.ErrStillRunning) {
				t.Errorf("registered again %v: started beside a run that hangs for a minute: %v", again, o.Err)
			}
			close(release)
			synctest.Wait()
		})
	}
}

// TestAttendedRunKeepsPlace checks that a run that a scrape waits for keeps its place in a group.
func TestAttendedRunKeepsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		g := engine.NewGroup(1)
		var most, now atomic.Int32
		mk := func() *engine.Collector {
			c := aware(func(context.Context, engine.Running, engine.Sink) error {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(4 * time.Second)
				now.Add(-1)
				return nil
			})
			c.Gate = engine.NewGate(&engine.Policy{Group: g})
			return c
		}
		a, b := mk(), mk()
		collect := func(d time.Duration, c *engine.Collector) {
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			o := e.Collect(ctx, []engine.Job{{Collector: c, Share: true}})[0]
			t.Log(d, o.Err, o.Duration)
		}
		go collect(10*time.Second, a)
		time.Sleep(time.Millisecond)
		go collect(time.Second, a)
		time.Sleep(time.Millisecond)
		collect(10*time.Second, b)
		time.Sleep(time.Minute)
		if n := most.Load(); n > 1 {
			t.Errorf("%d runs at once in a group for 1, though the first was attended and healthy", n)
		}
	})
}

// TestOneVeryPatientScrape checks that a single scrape with a timeout of a day does not disable a breaker.
func TestOneVeryPatientScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		hang := false
		c := aware(func(ctx context.Context, _ engine.Running, _ engine.Sink) error {
			if hang {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		c.Gate = engine.NewGate(&engine.Policy{Breaker: engine.NewBreaker(3, time.Hour)})
		scrape(&e, 24*time.Hour, c) // for example curl with an absurd header
		hang = true
		for range 60 {
			scrape(&e, 10*time.Second, c)
			time.Sleep(5 * time.Second)
		}
		if st := e.Stats([]*engine.Collector{c})[0]; st.Breaker == engine.BreakerClosed {
			t.Error("60 timeouts of 10 s in a row, and the breaker is closed")
		}
	})
}

// TestSharingWithDistantDeadlines checks that runs with absurdly long deadlines are shared.
func TestSharingWithDistantDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		var runs atomic.Int32
		c := aware(func(context.Context, engine.Running, engine.Sink) error {
			runs.Add(1)
			time.Sleep(time.Second)
			return nil
		})
		for range 2 {
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), 150*365*24*time.Hour)
				defer cancel()
				e.Collect(ctx, []engine.Job{{Collector: c, Share: true}})
			}()
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		if n := runs.Load(); n != 1 {
			t.Errorf("%d runs", n)
		}
	})
}

// TestNestedScrapeGetsPlace checks that a collector that gathers others of its registry does not wait for
// its own place.
func TestNestedScrapeGetsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine.Engine{Concurrency: 1}
		b := aware(func(context.Context, engine.Running, engine.Sink) error { return nil })
		a := aware(func(ctx context.Context, _ engine.Running, _ engine.Sink) error {
			return e.Collect(ctx, jobs(b))[0].Err
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		out := inBackground(ctx, &e, a)
		time.Sleep(time.Hour)
		select {
		case o := <-out:
			t.Log(o.Err)
		default:
			t.Error("after an hour the scrape waits for itself")
			cancel()
			<-out
		}
		synctest.Wait()
	})
}
