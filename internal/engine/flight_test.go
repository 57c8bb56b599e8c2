package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// TestSharedRun checks that overlapping scrapes share one run, and that each waits under its own context.
func TestSharedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		c := newBlocker(true)
		canceled, cancel := context.WithCancel(t.Context())
		impatient, cancelImpatient := context.WithTimeout(t.Context(), time.Second)
		defer cancelImpatient()

		first := inBackground(canceled, &e, c.Collector)
		second := inBackground(t.Context(), &e, c.Collector)
		third := inBackground(impatient, &e, c.Collector)
		fourth := inBackground(t.Context(), &e, c.Collector)
		synctest.Wait()
		c.wantStarted(t, 1)

		cancel()
		o := <-first
		wantValues(t, o, 1)
		if !errors.Is(o.Err, context.Canceled) {
			t.Errorf("the canceled scrape ended with %v", o.Err)
		}
		o = <-third
		wantValues(t, o, 1)
		if !errors.Is(o.Err, context.DeadlineExceeded) {
			t.Errorf("the impatient scrape ended with %v", o.Err)
		}
		c.open()
		for _, patient := range []<-chan engine.Outcome{second, fourth} {
			o := <-patient
			wantValues(t, o, 1, 2)
			if o.Err != nil || o.Duration != time.Second {
				t.Errorf("a patient scrape ended with %v after %v", o.Err, o.Duration)
			}
		}
		c.wantStarted(t, 1)
	})
}

// TestSharedFailure checks that an error reaches all scrapes that share a run, and no others.
func TestSharedFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		err := errOwn
		c := shared(func(sink engine.Sink) error {
			time.Sleep(time.Second)
			send(sink, 1)
			return err
		})
		outcomes := e.Collect(t.Context(), jobs(c, c, c))
		for _, o := range outcomes {
			wantValues(t, o, 1)
			if !errors.Is(o.Err, errOwn) {
				t.Errorf("the error is %v", o.Err)
			}
		}
		err = nil
		if o := e.Collect(t.Context(), jobs(c))[0]; o.Err != nil {
			t.Errorf("the next run ended with %v", o.Err)
		}
	})
}

// TestAwareOverlap checks that a collector that can see its context runs anew for each scrape, and that the
// number of runs is bounded: further scrapes wait.
func TestAwareOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 2
		var e engine.Engine
		c := newBlocker(false)
		var scrapes []<-chan engine.Outcome
		for range 5 {
			scrapes = append(scrapes, inBackground(t.Context(), &e, c.Collector))
		}
		synctest.Wait()
		c.wantStarted(t, most)

		start := time.Now()
		o := scrape(&e, time.Second, c.Collector)[0]
		took(t, start, time.Second)
		if !errors.Is(o.Err, context.DeadlineExceeded) || len(o.Samples) > 0 {
			t.Errorf("a scrape that waited in vain: %v, %v", values(o), o.Err)
		}
		c.wantStarted(t, most)
		synctest.Wait()
		c.open()
		for i, out := range scrapes {
			// The two runs have outlived the scrape with a deadline, so scrapes that still wait for another
			// run stop waiting.
			switch o := <-out; {
			case o.Err == nil:
				wantValues(t, o, 1, 2)
			case !errors.Is(o.Err, engine.ErrStillRunning):
				t.Errorf("scrape %d ended with %v", i, o.Err)
			}
		}
		if c.most.Load() != most {
			t.Errorf("%d runs at once, want %d", c.most.Load(), most)
		}
		c.wantStarted(t, most)
	})
}

// TestAwareTurns checks that scrapes that wait for a collector that can see its context get their turn.
func TestAwareTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		c := aware(func(_ context.Context, _ engine.Running, sink engine.Sink) error {
			time.Sleep(time.Second)
			send(sink, 1)
			return nil
		})
		start := time.Now()
		for _, o := range scrape(&e, time.Minute, c, c, c, c, c) {
			wantValues(t, o, 1)
			if o.Err != nil || o.Duration != time.Second {
				t.Errorf("ended with %v after %v", o.Err, o.Duration)
			}
		}
		took(t, start, 3*time.Second)
	})
}

// TestContext checks that runs see the values of their scrape's context and, unless other scrapes share
// the run, its end.
func TestContext(t *testing.T) {
	type key struct{}
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			var e engine.Engine
			ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), time.Hour)
			defer cancel()
			want, _ := ctx.Deadline()
			want = want.Add(-headStart)
			c := &engine.Collector{Shared: isShared, Run: func(ctx context.Context, _ engine.Running, _ engine.Sink) error {
				if got := ctx.Value(key{}); got != "value" {
					t.Errorf("the value is %v", got)
				}
				if got, ok := ctx.Deadline(); ok == isShared || ok && !got.Equal(want) {
					t.Errorf("the deadline is %v, %v, want %v", got, ok, want)
				}
				return nil
			}}
			if o := e.Collect(ctx, jobs(c))[0]; o.Err != nil {
				t.Errorf("ended with %v", o.Err)
			}
		})
	}
}
