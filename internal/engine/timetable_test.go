package engine_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/internal/engine"
)

// TestTimetableWakesOne checks that the end of a run wakes one goroutine, however many background attempts
// wait for a place, and that all attempts get places in the order of their priorities.
func TestTimetableWakesOne(t *testing.T) {
	for place, policy := range map[string]func() (engine.Engine, engine.Policy){
		"engine": func() (engine.Engine, engine.Policy) { return engine.Engine{Concurrency: 1}, engine.Policy{} },
		"group": func() (engine.Engine, engine.Policy) {
			return engine.Engine{}, engine.Policy{Group: engine.NewGroup(1)}
		},
	} {
		t.Run(place, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const attempts = 100
				e, common := policy()
				common.Background = engine.Every(time.Hour)
				holder := newBlocker(true)
				holder.Gate = engine.NewGate(&engine.Policy{Group: common.Group})
				held := inBackground(t.Context(), &e, holder.Collector)
				synctest.Wait()

				var order []int
				var all []*engine.Collector
				for i := range attempts {
					p := common
					p.Priority = i % 3
					c := &engine.Collector{Name: strconv.Itoa(i), Gate: engine.NewGate(&p), Run: func(_ context.Context, _ engine.Running, sink engine.Sink) error {
						order = append(order, p.Priority) // They run one at a time.
						send(sink, 1)
						return nil
					}}
					all = append(all, c)
					startBackground(&e, c)
				}
				synctest.Wait()
				if n := e.Waiting(); n != 1 {
					t.Errorf("the end of a run would wake %d goroutines, want 1", n)
				}
				holder.open()
				<-held
				synctest.Wait()
				if !slices.IsSortedFunc(order, func(a, b int) int { return b - a }) || len(order) != attempts {
					t.Errorf("%d ran, with priorities %v", len(order), order)
				}
				if n := e.Waiting(); n != 0 {
					t.Errorf("the end of a run would wake %d goroutines when nothing waits", n)
				}
				for i, o := range scrape(&e, time.Second, all...) {
					if o.Err != nil || o.Source != engine.FromBackground || len(o.Samples) != 1 {
						t.Errorf("%d: got %+v", i, o)
					}
				}
				for _, c := range all {
					e.EndBackground(c, false)
				}
			})
		})
	}
}

// TestTimetableIsLeft checks that attempts that end before they get a place, because of their deadlines or
// because their collectors are unregistered, cost other attempts nothing.
func TestTimetableIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine.Engine{Concurrency: 1}
		holder := newBlocker(true)
		held := inBackground(t.Context(), &e, holder.Collector)
		synctest.Wait()
		background := func(every time.Duration) *blocker {
			c := newBlocker(false)
			c.open()
			c.Gate = engine.NewGate(&engine.Policy{Background: engine.Every(every)})
			startBackground(&e, c.Collector)
			return c
		}
		impatient, ended, stays := background(time.Second), background(time.Hour), background(time.Hour)
		synctest.Wait()
		e.EndBackground(ended.Collector, false)
		time.Sleep(3 * time.Second)
		if o := scrape(&e, time.Second, impatient.Collector)[0]; !errors.Is(o.Err, context.DeadlineExceeded) {
			t.Errorf("the impatient one has error %v", o.Err)
		}
		stays.wantStarted(t, 0)
		holder.open()
		<-held
		synctest.Wait()
		ended.wantStarted(t, 0)
		impatient.wantStarted(t, 1) // by a later attempt
		stays.wantStarted(t, 1)

		again := background(time.Hour)
		synctest.Wait()
		again.wantStarted(t, 1)
		for _, c := range []*blocker{impatient, stays, again} {
			e.EndBackground(c.Collector, false)
		}
		if n := e.Waiting(); n != 0 {
			t.Errorf("%d goroutines wait for nothing", n)
		}
	})
}
