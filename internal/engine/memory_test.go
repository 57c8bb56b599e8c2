package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// numbered is a collector whose samples have labels that identify the run.
func numbered(isShared bool, took time.Duration, policy *engine.Policy) *engine.Collector {
	runs := 0
	return &engine.Collector{Shared: isShared, Gate: engine.NewGate(policy), Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
		runs++
		for i := range 20 {
			text := fmt.Appendf(nil, `i="%02d",run="%d"`, i, runs)
			_ = sink.Sample(family, &model.Point{Labels: model.VolatileLabels(text, false), Value: float64(runs)})
		}
		time.Sleep(took)
		return nil
	}}
}

func describe(o engine.Outcome) string {
	var b strings.Builder
	for _, s := range o.Samples {
		fmt.Fprintln(&b, s.Point.Labels.Text(), s.Point.Value)
	}
	return b.String()
}

// TestReleaseOwn checks that releasing an outcome changes no other outcome and empties its own.
func TestReleaseOwn(t *testing.T) {
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			var e engine.Engine
			c := numbered(isShared, 0, nil)
			kept := e.Collect(t.Context(), jobs(c))[0]
			want := describe(kept)
			for range 10 {
				o := e.Collect(t.Context(), jobs(c))[0]
				if got := describe(o); got == want || strings.Count(got, "\n") != 20 {
					t.Fatalf("a later run has given\n%s", got)
				}
				o.Release()
				o.Release()
				if len(o.Samples) > 0 {
					t.Error("an outcome that has been released has samples")
				}
			}
			if got := describe(kept); got != want {
				t.Errorf("an earlier outcome has become\n%s", got)
			}
		})
	}
}

// TestSmallRunsHaveLittleMemory checks that small runs do not reuse the memory of large ones.
func TestSmallRunsHaveLittleMemory(t *testing.T) {
	sized := func(n int) *engine.Collector {
		return &engine.Collector{Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
			for range n {
				_ = sink.Sample(family, &model.Point{})
			}
			return nil
		}}
	}
	var e engine.Engine
	large, small := sized(5000), sized(20)
	for range 20 {
		outcomes := e.Collect(t.Context(), jobs(large, small))
		if room := outcomes[1].Room(); room > 64 {
			t.Fatalf("a run of 20 samples has memory for %d", room)
		}
		outcomes[0].Release()
		outcomes[1].Release()
	}
}

// TestReleaseShared checks that releasing an outcome does not change its samples for other scrapes that
// have or may get them.
func TestReleaseShared(t *testing.T) {
	// again makes runs reuse the memory of released outcomes.
	again := func(t *testing.T) {
		for range 10 {
			var e engine.Engine
			o := e.Collect(t.Context(), jobs(numbered(true, 0, nil)))[0]
			o.Release()
		}
	}
	t.Run("overlapping", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			c := numbered(true, time.Minute, nil)
			outcomes := make(chan engine.Outcome, 2)
			for range 2 {
				go func() { outcomes <- e.Collect(t.Context(), jobs(c))[0] }()
			}
			first, second := <-outcomes, <-outcomes
			want := describe(second)
			if got := describe(first); got != want || strings.Count(want, "\n") != 20 {
				t.Fatalf("the two got\n%s\n%s", got, want)
			}
			first.Release()
			again(t)
			if got := describe(second); got != want {
				t.Errorf("it has become\n%s", got)
			}
		})
	})
	t.Run("left behind", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			c := numbered(true, time.Minute, nil)
			second := make(chan engine.Outcome, 1)
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				time.Sleep(time.Second)
				go func() { second <- e.Collect(t.Context(), jobs(c))[0] }()
				synctest.Wait()
				cancel()
			}()
			first := e.Collect(ctx, jobs(c))[0]
			want := describe(first)
			if strings.Count(want, "\n") != 20 {
				t.Fatalf("what was left behind had given\n%s", want)
			}
			first.Release()
			again(t)
			if got := describe(<-second); got != want {
				t.Errorf("it has become\n%s", got)
			}
		})
	})
	t.Run("joined later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var e engine.Engine
			c := numbered(true, time.Minute, nil)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			first := e.Collect(ctx, jobs(c))[0]
			want := describe(first)
			first.Release()
			again(t)
			if got := describe(e.Collect(t.Context(), jobs(c))[0]); got != want || strings.Count(got, "\n") != 20 {
				t.Errorf("the first scrape got\n%s\nthe second\n%s", want, got)
			}
		})
	})
	for name, policy := range map[string]*engine.Policy{"cached": {Cache: time.Hour}, "stale": {Stale: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			var e engine.Engine
			c := numbered(false, 0, policy)
			o := e.Collect(t.Context(), jobs(c))[0]
			want := describe(o)
			o.Release()
			again(t)
			c.Run = func(context.Context, engine.Running, engine.Sink) error { return errOwn }
			if got := describe(e.Collect(t.Context(), jobs(c))[0]); got != want {
				t.Errorf("what was kept is now\n%s", got)
			}
		})
	}
}

// TestTakenBufferIsClosed checks that the sink of a run that has ended takes no more samples.
func TestTakenBufferIsClosed(t *testing.T) {
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			var (
				e    engine.Engine
				sink engine.Sink
			)
			c := &engine.Collector{Shared: isShared, Run: func(_ context.Context, _ engine.Running, s engine.Sink) error {
				sink = s
				return s.Sample(family, &model.Point{})
			}}
			o := e.Collect(t.Context(), jobs(c))[0]
			if err := sink.Sample(family, &model.Point{}); err != engine.ErrAbandoned { //nolint:errorlint // It must be the same error.
				t.Errorf("a late sample: %v", err)
			}
			if len(o.Samples) != 1 {
				t.Errorf("there are %d samples", len(o.Samples))
			}
		})
	}
}
