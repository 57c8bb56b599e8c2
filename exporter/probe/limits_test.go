package probe

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// busy counts the calls in progress, and the most that there have been at once.
type busy struct{ now, most atomic.Int64 }

func (b *busy) enter() {
	n := b.now.Add(1)
	for most := b.most.Load(); n > most && !b.most.CompareAndSwap(most, n); most = b.most.Load() {
	}
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name    string
		targets int
		most    int64
		took    time.Duration
	}{
		{"of a target", 1, 2, 6 * time.Second},
		{"in total", 12, 3, 4 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b busy
				h := answering(t, "modules: {a: {}}\ntargets: {max_concurrent: 3, max_per_target: 2}", func(context.Context, *Probe) error {
					b.enter()
					defer b.now.Add(-1)
					time.Sleep(time.Second)
					return nil
				})
				took := elapsed(func() {
					var all sync.WaitGroup
					for i := range 12 {
						all.Go(func() { has(t, ask(h, fmt.Sprint("x", i%test.targets)), succeeds) })
					}
					all.Wait()
				})
				if b.most.Load() != test.most || took != test.took {
					t.Errorf("%d at once, took %v, want %d and %v", b.most.Load(), took, test.most, test.took)
				}
			})
		})
	}
}

// TestWaitingEndsAtTheDeadline checks that a probe that waits for a slot fails at the deadline of its scrape.
func TestWaitingEndsAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(t, "modules: {a: {}}\ntargets: {max_per_target: 1}", func(context.Context, *Probe) error {
			time.Sleep(20 * time.Second)
			return nil
		})
		go ask(h, "x")
		synctest.Wait()
		took := elapsed(func() { has(t, ask(h, "x", within("10")), fails, "probe_duration_seconds 9.5") })
		if took != 9500*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if recent, _ := h.history.lists(); recent[0].result != refused || !strings.Contains(recent[0].err.Error(), "waited") {
			t.Errorf("%+v", recent[0])
		}
		h.limiter.mu.Lock()
		if n := len(h.limiter.queue); n != 0 {
			t.Errorf("%d wait still", n)
		}
		h.limiter.mu.Unlock()
		time.Sleep(20 * time.Second)
	})
}

// TestHangingTargetPilesNothingUp checks that probes of a target that hangs fail at once after the limit is
// reached, and that the hanging probes do not hold up other targets.
func TestHangingTargetPilesNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		var calls atomic.Int64
		h := answering(t, "modules: {a: {}}\ntargets: {max_concurrent: 3, max_per_target: 2}", func(_ context.Context, p *Probe) error {
			if p.Target == "hangs" {
				calls.Add(1)
				<-end
			}
			return nil
		})
		for range 2 {
			has(t, ask(h, "hangs", within("1")), fails)
		}
		for range 5 {
			took := elapsed(func() {
				w := ask(h, "hangs", within("1"), query("debug=true"))
				if !strings.Contains(w.Body.String(), "left behind") {
					t.Errorf("no reason in:\n%s", w.Body)
				}
			})
			if took != 0 {
				t.Errorf("took %v, want a failure at once", took)
			}
		}
		if calls.Load() != 2 {
			t.Errorf("%d calls, want 2", calls.Load())
		}
		for range 5 { // The abandoned probes have released the slots that others need.
			var all sync.WaitGroup
			for i := range 3 {
				all.Go(func() { has(t, ask(h, fmt.Sprint("x", i)), succeeds) })
			}
			all.Wait()
		}
		close(end)
		synctest.Wait()
		has(t, ask(h, "hangs", within("1")), succeeds)
		synctest.Wait()
		h.limiter.mu.Lock()
		if n := len(h.limiter.targets); n != 0 {
			t.Errorf("%d targets are remembered", n)
		}
		h.limiter.mu.Unlock()
	})
}

// TestWaitersFailWhenAllSlotsAreLeftBehind checks that a probe that waits for a slot of its target fails when
// the probe that has the slot exceeds its timeout and hangs.
func TestWaitersFailWhenAllSlotsAreLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		h := answering(t, "modules: {a: {timeout: 1s}}\ntargets: {max_per_target: 1}", func(context.Context, *Probe) error {
			<-end
			return nil
		})
		go ask(h, "x")
		synctest.Wait()
		h.Use(prepared(t, h, "modules: {a: {timeout: 1m}}\ntargets: {max_per_target: 1}"))
		if took := elapsed(func() { has(t, ask(h, "x"), fails) }); took > 1100*time.Millisecond {
			t.Errorf("took %v", took)
		}
		close(end)
	})
}

// TestLeftBehindAreBoundedInTotal checks that the number of hanging probes is bounded for all targets
// together.
func TestLeftBehindAreBoundedInTotal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		var calls atomic.Int64
		h := answering(t, "modules: {a: {timeout: 1s}}\ntargets: {max_concurrent: 2}", func(context.Context, *Probe) error {
			calls.Add(1)
			<-end
			return nil
		})
		for i := range 50 {
			has(t, ask(h, fmt.Sprint("x", i)), fails)
		}
		if calls.Load() != 2*backlogFactor {
			t.Errorf("%d calls, want %d", calls.Load(), 2*backlogFactor)
		}
		close(end)
	})
}

// TestQueueIsBounded checks that a probe fails at once if too many others already wait.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(t, "modules: {a: {timeout: 10s}}\ntargets: {max_concurrent: 1}", func(context.Context, *Probe) error {
			time.Sleep(9 * time.Second)
			return nil
		})
		for i := range 1 + backlogFactor {
			go ask(h, fmt.Sprint("x", i))
			synctest.Wait()
		}
		if took := elapsed(func() { has(t, ask(h, "x"), fails) }); took != 0 {
			t.Errorf("took %v", took)
		}
		time.Sleep(time.Minute)
	})
}

// TestLimitsChange checks that a higher limit applies to probes that already wait.
func TestLimitsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(t, "modules: {a: {}}\ntargets: {max_concurrent: 1}", func(context.Context, *Probe) error {
			time.Sleep(time.Second)
			return nil
		})
		var all sync.WaitGroup
		took := elapsed(func() {
			for i := range 3 {
				all.Go(func() { has(t, ask(h, fmt.Sprint("x", i)), succeeds) })
			}
			synctest.Wait()
			h.Use(prepared(t, h, "modules: {a: {}}\ntargets: {max_concurrent: 3}"))
			all.Wait()
		})
		if took != time.Second {
			t.Errorf("took %v: those that wait have not seen the new limit", took)
		}
	})
}
