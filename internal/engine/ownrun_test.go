package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// TestOwnRun checks, under all policies, that a job with OwnRun does not wait for runs under way, and
// that other jobs do not wait for its run. Its result is kept like any other.
func TestOwnRun(t *testing.T) {
	for name, policy := range map[string]*engine.Policy{"none": nil, "cache": {Cache: time.Minute}, "stale": {Stale: time.Minute}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var (
					e    engine.Engine
					runs int
				)
				c := aware(func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
					runs++
					send(sink, float64(runs))
					time.Sleep(time.Second)
					return nil
				})
				c.Gate = engine.NewGate(policy)
				job := engine.Job{Collector: c, Share: true}
				outcomes := make(chan engine.Outcome)
				collect := func(ownRun bool) {
					job := job
					job.OwnRun = ownRun
					go func() { outcomes <- e.Collect(t.Context(), []engine.Job{job})[0] }()
					synctest.Wait()
				}
				collect(false)
				for range 4 {
					collect(true)
				}
				collect(false) // joins the first run
				if runs != 5 {
					t.Errorf("%d runs are under way", runs)
				}
				began := time.Now()
				seen := make(map[float64]int)
				for range 6 {
					o := <-outcomes
					if o.Err != nil || len(o.Samples) != 1 {
						t.Fatalf("got %v, %v", values(o), o.Err)
					}
					seen[o.Samples[0].Point.Value]++
				}
				if took := time.Since(began); took != time.Second || seen[1] != 2 || len(seen) != 5 {
					t.Errorf("after %v, got %v", took, seen)
				}
				if policy == nil || policy.Cache == 0 {
					return
				}
				collect(true)
				if o := <-outcomes; o.Source != engine.FromCache {
					t.Errorf("the result comes from %v", o.Source)
				}
			})
		})
	}
}

// TestOwnRunInTheBackground checks that a job with OwnRun does not wait for the first background run.
func TestOwnRunInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		c := aware(func(ctx context.Context, _ engine.Running, sink engine.Sink) error {
			time.Sleep(time.Second)
			send(sink, 1)
			return nil
		})
		c.Gate = engine.NewGate(&engine.Policy{Background: engine.Every(time.Minute)})
		e.InitBackground(c)
		e.StartBackground(c)
		defer e.EndBackground(c, true)
		synctest.Wait()
		began := time.Now()
		o := e.Collect(t.Context(), []engine.Job{{Collector: c, OwnRun: true}})[0]
		if o.Err == nil || time.Since(began) > 0 {
			t.Errorf("got %v, %v after %v", values(o), o.Err, time.Since(began))
		}
		time.Sleep(2 * time.Second)
		wantValues(t, e.Collect(t.Context(), []engine.Job{{Collector: c, OwnRun: true}})[0], 1)
	})
}
