package probe

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric"
)

// TestFloodOfOneTarget checks that probes of a target that hangs do not pile up, and do not take places
// from other targets, in the queue or outside it.
func TestFloodOfOneTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		h := answering(t, "modules: {a: {}}\ntargets: {max_concurrent: 20}", func(_ context.Context, p *Probe) error {
			switch p.Target {
			case "hangs":
				<-end
			case "slow":
				time.Sleep(time.Second)
			}
			return nil
		})
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { has(t, ask(h, "hangs", within("10")), fails) })
		}
		synctest.Wait()
		if n := len(h.limiter.queue); n > backlogFactor*defaultMaxPerTarget {
			t.Errorf("%d probes of the target wait", n)
		}
		for i := range 10 {
			if took := elapsed(func() { has(t, ask(h, fmt.Sprint("x", i)), succeeds) }); took != 0 {
				t.Errorf("another target has waited %v", took)
			}
		}
		for range 2 * defaultMaxPerTarget { // Half of them must wait.
			all.Go(func() { has(t, ask(h, "slow"), succeeds) })
		}
		all.Wait()
		close(end)
		synctest.Wait()
		if running, left := h.limiter.counts(); running != 0 || left != 0 || len(h.limiter.targets) != 0 {
			t.Errorf("%d running, %d left behind, %d targets", running, left, len(h.limiter.targets))
		}
	})
}

// TestFullQueueDelaysNobodyElse fills the queue with probes of targets whose slots are all in use. Probes
// of other targets must not be delayed.
func TestFullQueueDelaysNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(t, "modules: {a: {timeout: 5s}}\ntargets: {max_concurrent: 3, max_per_target: 1}", func(ctx context.Context, p *Probe) error {
			if p.Target[0] == 's' {
				<-ctx.Done()
			}
			return nil
		})
		for i := range 2 {
			for range 1 + 15 {
				go ask(h, fmt.Sprint("slow", i))
			}
		}
		synctest.Wait()
		if took := elapsed(func() { has(t, ask(h, "x"), succeeds) }); took != 0 {
			t.Errorf("took %v", took)
		}
		time.Sleep(5 * time.Minute)
	})
}

// TestCollectorsThatHangPileNothingUp checks that collectors in the probes' registries that never return do
// not pile up.
func TestCollectorsThatHangPileNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan bool)
		calls := 0
		h := answering(t, "modules: {a: {timeout: 1s}}\ntargets: {max_per_target: 2}", func(_ context.Context, p *Probe) error {
			calls++
			return p.Registry.Register(metric.NewCollectorFunc(nil, func(context.Context, chan<- metric.Metric) { <-end }))
		})
		for range 5 {
			ask(h, "x")
			synctest.Wait()
		}
		running, left := h.limiter.counts()
		if calls != 2 || running != 0 || left != 2 {
			t.Errorf("%d calls, %d running, %d left behind, want 2, 0 and 2", calls, running, left)
		}
		close(end)
		synctest.Wait()
		if running, left := h.limiter.counts(); running != 0 || left != 0 || h.set.uses != 1 {
			t.Errorf("%d running, %d left behind, %d uses at the end", running, left, h.set.uses)
		}
		has(t, ask(h, "x"), succeeds)
	})
}

// TestClientGoesAwayWhileWaiting cancels a request before its probe has begun.
func TestClientGoesAwayWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(t, "modules: {a: {timeout: 5s}}\ntargets: {max_per_target: 1}", func(ctx context.Context, _ *Probe) error {
			<-ctx.Done()
			return nil
		})
		go ask(h, "x")
		synctest.Wait()
		client, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		ask(h, "x", under(client))
		if recent, _ := h.history.lists(); recent[0].result != canceled {
			t.Errorf("result %s: %v", recent[0].result, recent[0].err)
		}
		time.Sleep(time.Minute)
	})
}
