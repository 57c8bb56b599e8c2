package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// TestBackgroundFlood checks that the engine limits the number of samples of a background run, so that a
// run cannot fill the memory. This limit does not apply to runs of scrapes.
func TestBackgroundFlood(t *testing.T) {
	const bound, flood = 1000, 100_000
	defer engine.BoundBackground(bound)()
	for kind, isShared := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var e engine.Engine
				n := 0
				run := func(_ context.Context, _ engine.Running, sink engine.Sink) error {
					for range n {
						send(sink, 1)
					}
					return nil
				}
				for n = range map[int]bool{bound: true, flood: true} {
					c := &engine.Collector{Run: run, Shared: isShared, Gate: engine.NewGate(&engine.Policy{Background: engine.Every(time.Hour)})}
					startBackground(&e, c)
					o := scrape(&e, time.Second, c)[0]
					switch {
					case n == bound && (len(o.Samples) != bound || o.Err != nil):
						t.Errorf("of %d samples there are %d, with error %v", n, len(o.Samples), o.Err)
					case n == flood && (len(o.Samples) > 0 || o.Err == nil || !strings.Contains(o.Err.Error(), "in the background it has sent more than 1000 samples")):
						t.Errorf("of %d samples there are %d, with error %v", n, len(o.Samples), o.Err)
					}
					e.EndBackground(c, false)
				}
				c := &engine.Collector{Run: run, Shared: isShared}
				if o := scrape(&e, time.Second, c)[0]; len(o.Samples) != n || o.Err != nil {
					t.Errorf("a scrape got %d samples and error %v", len(o.Samples), o.Err)
				}
			})
		})
	}
}

// TestBackgroundTakesNoPlace checks scrapes that wait for the first background run until their deadline:
// they do not take the place of that run, and do not keep other collectors from starting.
func TestBackgroundTakesNoPlace(t *testing.T) {
	bothKinds(t, func(t *testing.T, c *blocker) {
		e := engine.Engine{Concurrency: 2}
		c.Gate = engine.NewGate(&engine.Policy{Background: engine.Every(time.Hour), Priority: 1})
		startBackground(&e, c.Collector)
		other := newBlocker(false)
		other.open()
		for range 5 {
			o := scrape(&e, time.Second, c.Collector, other.Collector)
			if !errors.Is(o[0].Err, context.DeadlineExceeded) || o[1].Err != nil || o[1].Wait > 0 {
				t.Errorf("got errors %v and %v, after %v", o[0].Err, o[1].Err, o[1].Wait)
			}
		}
		if s := e.Stats([]*engine.Collector{c.Collector})[0]; s.Stuck > 0 {
			t.Error("it counts as stuck because of impatient scrapes")
		}
		c.open()
		synctest.Wait()
		o := scrape(&e, time.Second, c.Collector)[0]
		wantValues(t, o, 1, 2)
		if o.Err != nil || o.Source != engine.FromBackground {
			t.Errorf("got %+v", o)
		}
		e.EndBackground(c.Collector, true)
		if stuck := e.AwaitEnded(0); len(stuck) > 0 {
			t.Errorf("%q are stuck", stuck)
		}
	})
}

// TestBackgroundWaitsForPlace checks that a run that gets no place in time is a failure, even after a first
// good result.
func TestBackgroundWaitsForPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e engine.Engine
		g := engine.NewGroup(1)
		holder := newBlocker(true)
		holder.Gate = engine.NewGate(&engine.Policy{Group: g})
		held := inBackground(t.Context(), &e, holder.Collector)
		synctest.Wait()
		c := newBlocker(false)
		c.open()
		c.Gate = engine.NewGate(&engine.Policy{Background: engine.Every(10 * time.Second), Timeout: time.Second, Group: g})
		startBackground(&e, c.Collector)
		start := time.Now()
		o := e.Collect(t.Context(), jobs(c.Collector))[0]
		tookUpTo(t, start, 10*time.Second, 0)
		if !errors.Is(o.Err, context.DeadlineExceeded) || len(o.Samples) > 0 {
			t.Errorf("got %+v", o)
		}
		holder.open()
		<-held
		time.Sleep(10 * time.Second)
		if o := scrape(&e, time.Second, c.Collector)[0]; o.Err != nil {
			t.Errorf("with a place: %v", o.Err)
		}
		e.EndBackground(c.Collector, true)
	})
}
