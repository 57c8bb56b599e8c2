package engine_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// TestConcurrency checks that no more collectors than allowed run at once, over all scrapes, and that all
// get their turn.
func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, collectors, scrapes = 3, 40, 4
		e := engine.Engine{Concurrency: limit}
		var running, most atomic.Int32
		var list []*engine.Collector
		for i := range collectors {
			list = append(list, &engine.Collector{Shared: i%2 == 0, Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
				defer running.Add(-1)
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(time.Second)
				send(sink, float64(i))
				return nil
			}})
		}
		var wg sync.WaitGroup
		for range scrapes {
			wg.Go(func() {
				for i, o := range scrape(&e, time.Hour, list...) {
					wantValues(t, o, float64(i))
					if o.Err != nil {
						t.Errorf("collector %d ended with %v", i, o.Err)
					}
				}
			})
		}
		wg.Wait()
		if most.Load() != limit {
			t.Errorf("%d collectors ran at once, want %d", most.Load(), limit)
		}
	})
}

// TestStuckHoldNoSlot checks that stuck collectors cost the other collectors at most one scrape.
func TestStuckHoldNoSlot(t *testing.T) {
	bothKinds(t, func(t *testing.T, stuck *blocker) {
		e := engine.Engine{Concurrency: 1}
		start := time.Now()
		outcomes := scrape(&e, time.Second, stuck.Collector, quick())
		took(t, start, time.Second)
		for i, o := range outcomes {
			if !errors.Is(o.Err, context.DeadlineExceeded) {
				t.Errorf("collector %d ended with %v", i, o.Err)
			}
		}
		wantHealthy(t, &e, stuck)
	})
}

// TestStuckWithoutDeadline is like [TestStuckHoldNoSlot] for scrapes without a deadline, like the scrapes of
// Gather, whose runs are never overdue.
func TestStuckWithoutDeadline(t *testing.T) {
	bothKinds(t, func(t *testing.T, stuck *blocker) {
		e := engine.Engine{Concurrency: 1}
		out := inBackground(t.Context(), &e, stuck.Collector)
		synctest.Wait()
		if o := scrape(&e, time.Second, stuck.Collector, quick())[1]; !errors.Is(o.Err, context.DeadlineExceeded) {
			t.Errorf("without a slot: %v", o.Err)
		}
		wantHealthy(t, &e, stuck)
		o := <-out
		wantValues(t, o, 1, 2)
		if o.Err != nil {
			t.Errorf("the scrape without a deadline ended with %v", o.Err)
		}
	})
}

// TestWaitIsCounted checks the waiting times of jobs that got their turn and of jobs that did not, and the
// statistics.
func TestWaitIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine.Engine{Concurrency: 1}
		list := []*engine.Collector{shared(slowRun(2 * time.Second)), shared(slowRun(2 * time.Second)), quick()}
		outcomes := scrape(&e, 3*time.Second, list...)
		for i, want := range []time.Duration{0, 2 * time.Second, 3 * time.Second} {
			if got := outcomes[i].Wait; got != want {
				t.Errorf("job %d has waited %v, want %v", i, got, want)
			}
			if got := e.Stats(list)[i].WaitTotal; got != want {
				t.Errorf("by its account collector %d has waited %v, want %v", i, got, want)
			}
		}
		time.Sleep(time.Minute)
	})
}

// wantHealthy checks that a stuck collector fails at once, that others run, one at a time, and that all is
// well when the stuck one has returned.
func wantHealthy(t *testing.T, e *engine.Engine, stuck *blocker) {
	t.Helper()
	for range 3 {
		start := time.Now()
		outcomes := e.Collect(t.Context(), jobs(stuck.Collector, quick(), quick()))
		tookUpTo(t, start, 0, grace)
		if !errors.Is(outcomes[0].Err, engine.ErrStillRunning) {
			t.Errorf("the stuck collector: %v", outcomes[0].Err)
		}
		wantValues(t, outcomes[1], 1)
		wantValues(t, outcomes[2], 1)
	}
	stuck.wantStarted(t, 1)
	stuck.open()
	synctest.Wait()
	start := time.Now()
	outcomes := e.Collect(t.Context(), jobs(stuck.Collector, shared(slowRun(time.Second)), shared(slowRun(time.Second))))
	took(t, start, 2*time.Second)
	wantValues(t, outcomes[0], 1, 2)
}

func slowRun(d time.Duration) func(engine.Sink) error {
	return func(engine.Sink) error { time.Sleep(d); return nil }
}

// TestCancelledJoinerKeepsSlot checks that a shared run keeps its place while any of its scrapes waits,
// even after another one was canceled.
func TestCancelledJoinerKeepsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine.Engine{Concurrency: 1}
		slow := shared(slowRun(time.Minute))
		start := time.Now()
		out := inBackground(t.Context(), &e, slow)
		ctx, cancel := context.WithCancel(t.Context())
		joiner := inBackground(ctx, &e, slow)
		synctest.Wait()
		cancel()
		<-joiner
		other := newBlocker(true)
		other.open()
		e.Collect(t.Context(), jobs(other.Collector))
		took(t, start, time.Minute) // not before the place was free
		<-out
	})
}

// TestPlaceIsNotLeftFree checks that a job gets a place that a more important job does not take because its
// group is full.
func TestPlaceIsNotLeftFree(t *testing.T) {
	for name, order := range map[string][]string{"it comes first": {"important", "other"}, "it comes last": {"other", "important"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := engine.Engine{Concurrency: 2}
				group := engine.NewGroup(1)
				sleeping := func(d time.Duration, p *engine.Policy) *engine.Collector {
					return &engine.Collector{Gate: engine.NewGate(p), Run: func(context.Context, engine.Running, engine.Sink) error {
						time.Sleep(d)
						return nil
					}}
				}
				scrapes := map[string][]*engine.Collector{
					"first":     {sleeping(time.Hour, &engine.Policy{Group: group}), sleeping(time.Minute, nil)},
					"important": {sleeping(time.Second, &engine.Policy{Group: group, Priority: 1})},
					"other":     {sleeping(time.Second, nil)},
				}
				start := time.Now()
				var all sync.WaitGroup
				for _, name := range append([]string{"first"}, order...) {
					all.Go(func() {
						scrape(&e, 2*time.Hour, scrapes[name]...)
						if name == "other" {
							took(t, start, time.Minute+time.Second)
						}
					})
					synctest.Wait()
				}
				all.Wait()
			})
		})
	}
}

// TestWhatNeedsNoPlaceAfterAll checks that a scrape that no longer tries the jobs at the end of its list
// still finds, when it is over, results that were cached meanwhile.
func TestWhatNeedsNoPlaceAfterAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine.Engine{Concurrency: 1}
		var collectors []*engine.Collector
		for range 40 {
			collectors = append(collectors, shared(func(engine.Sink) error { time.Sleep(time.Second); return nil }))
		}
		cached := quick()
		cached.Gate = engine.NewGate(&engine.Policy{Cache: time.Hour})
		var (
			all    sync.WaitGroup
			others atomic.Int32 // scrapes that have got it
			last   []engine.Outcome
		)
		all.Go(func() { last = scrape(&e, 20*time.Second, append(collectors, cached)...) })
		synctest.Wait()
		for range 20 {
			all.Go(func() {
				if scrape(&e, 19*time.Second, cached)[0].Err == nil {
					others.Add(1)
				}
			})
		}
		all.Wait()
		if o := last[len(collectors)]; others.Load() > 0 && (o.Err != nil || o.Source != engine.FromCache) {
			t.Errorf("what %d others have got comes from %v: %v", others.Load(), o.Source, o.Err)
		}
		if others.Load() == 0 {
			t.Error("no job got a place")
		}
		if o := last[len(collectors)-1]; !errors.Is(o.Err, context.DeadlineExceeded) {
			t.Errorf("what was not started ended with %v", o.Err)
		}
		time.Sleep(time.Minute) // The last run returns.
	})
}
