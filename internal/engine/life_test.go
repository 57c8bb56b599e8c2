package engine

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Names of stages and events in the table of transitions.
var (
	stageNames = [stages]string{"running", "left", "overdue", "expired", "stuck", "returned"}
	eventNames = [events]string{"leave", "overstay", "expire", "return"}
)

// life is one walk through the table.
type life struct {
	path []event
	want stage
	ends bool // The last event changes nothing.
}

// lives returns one walk for each stage and event, with the stages of the documented table.
func lives() []life {
	stuck := []event{onExpire, onOverstay}
	return []life{
		{nil, stageRunning, false},
		{[]event{onLeave}, stageLeft, false},
		{[]event{onOverstay}, stageOverdue, false},
		{[]event{onExpire}, stageExpired, false},
		{[]event{onReturn}, stageReturned, false},
		{[]event{onLeave, onLeave}, stageLeft, true},
		{[]event{onLeave, onOverstay}, stageOverdue, false},
		{[]event{onLeave, onExpire}, stageExpired, false},
		{[]event{onLeave, onReturn}, stageReturned, false},
		{[]event{onOverstay, onLeave}, stageOverdue, true},
		{[]event{onOverstay, onOverstay}, stageOverdue, true},
		{[]event{onOverstay, onExpire}, stageStuck, false},
		{[]event{onOverstay, onReturn}, stageReturned, false},
		{[]event{onExpire, onLeave}, stageExpired, true},
		{[]event{onExpire, onOverstay}, stageStuck, false},
		{[]event{onExpire, onExpire}, stageExpired, true},
		{[]event{onExpire, onReturn}, stageReturned, false},
		{append(slices.Clip(stuck), onLeave), stageStuck, true},
		{append(slices.Clip(stuck), onOverstay), stageStuck, true},
		{append(slices.Clip(stuck), onExpire), stageStuck, true},
		{append(slices.Clip(stuck), onReturn), stageReturned, false},
		{[]event{onReturn, onLeave}, stageReturned, true},
		{[]event{onReturn, onOverstay}, stageReturned, true},
		{[]event{onReturn, onExpire}, stageReturned, true},
		{[]event{onReturn, onReturn}, stageReturned, true},
	}
}

// TestTransitions walks through all transitions, and tries all events without a transition. It checks after
// each walk that the counts agree with the stage.
func TestTransitions(t *testing.T) {
	type step struct {
		stage stage
		event event
	}
	walked := make(map[step]bool)
	for _, isShared := range []bool{false, true} {
		for _, keeps := range []bool{false, true} {
			for _, l := range lives() {
				name := "start"
				for _, on := range l.path {
					name += "," + eventNames[on]
				}
				t.Run(fmt.Sprintf("shared=%v/keeps=%v/%s", isShared, keeps, name), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						run := newTestRun(isShared, keeps)
						for i, on := range l.path {
							from := run.stage()
							walked[step{from, on}] = true
							moved, woken := run.move(on)
							rejected := l.ends && i == len(l.path)-1
							if moved == rejected {
								t.Errorf("%s: %s: moved %v", stageNames[from], eventNames[on], moved)
							}
							goesOn := keeps && run.stage() == stageLeft
							if woken != (moved && !goesOn) {
								t.Errorf("%s: %s: woken %v", stageNames[from], eventNames[on], woken)
							}
						}
						if got := run.stage(); got != l.want {
							t.Fatalf("it is %s, want %s", stageNames[got], stageNames[l.want])
						}
						run.check(t, keeps)
						run.move(onReturn)
						run.check(t, keeps)
						time.Sleep(time.Minute) // The timers fire.
					})
				})
			}
		}
	}
	if all := int(stages) * int(events); len(walked) != all {
		t.Errorf("%d steps were tried, want %d", len(walked), all)
	}
}

// TestTimeForReturning checks that a run gets a grace period to return, unless it belongs to its collector
// and goes on.
func TestTimeForReturning(t *testing.T) {
	for name, test := range map[string]struct {
		isShared, keeps bool
		on              event
		want            stage
	}{
		"left":           {false, false, onLeave, stageOverdue},
		"left, shared":   {true, false, onLeave, stageOverdue},
		"left, kept":     {false, true, onLeave, stageLeft},
		"expired":        {false, false, onExpire, stageExpired}, // endLimit has ended its time.
		"expired shared": {true, false, onExpire, stageStuck},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run := newTestRun(test.isShared, test.keeps)
				run.move(test.on)
				time.Sleep(grace - time.Nanosecond)
				synctest.Wait()
				if got := run.stage(); got.isOverdue() {
					t.Errorf("it is %s too early", stageNames[got])
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if got := run.stage(); got != test.want {
					t.Errorf("it is %s, want %s", stageNames[got], stageNames[test.want])
				}
				run.check(t, test.keeps)
				run.move(onReturn)
				time.Sleep(time.Minute)
			})
		})
	}
}

// testRun is a run without a goroutine.
type testRun struct {
	engine *Engine
	group  *Group
	flight *flight
	wake   chan struct{}
}

func newTestRun(isShared, keeps bool) *testRun {
	r := &testRun{engine: new(Engine), group: NewGroup(1), wake: make(chan struct{}, 1)}
	policy := &Policy{Group: r.group}
	if keeps {
		policy.Stale = time.Hour
	}
	c := &Collector{Shared: isShared, Origin: r, Gate: NewGate(policy)}
	s := NewScrape(context.Background())
	defer s.End()
	r.engine.waiting = []chan struct{}{r.wake}
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	r.flight = r.engine.tryStart(s, Job{Collector: c}, time.Now())
	return r
}

func (r *testRun) stage() stage {
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	return r.flight.stage
}

// move reports whether the event has led to another stage, and whether the waiters were woken.
func (r *testRun) move(on event) (moved, woken bool) {
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	moved = r.engine.move(r.flight, on)
	select {
	case <-r.wake:
		woken = true
	default:
	}
	return moved, woken
}

// check compares the counts with the stage.
func (r *testRun) check(t *testing.T, keeps bool) {
	t.Helper()
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	f, c := r.flight, r.flight.collector
	underWay, isOverdue := btoi(f.stage != stageReturned), btoi(f.stage.isOverdue())
	if got := len(r.engine.flights); got != underWay {
		t.Errorf("the engine has %d runs, want %d", got, underWay)
	}
	if got := len(c.flying); got != underWay {
		t.Errorf("the collector has %d runs, want %d", got, underWay)
	}
	if want := btoi(f.stage == stageRunning || keeps && f.stage == stageLeft); r.engine.running != want {
		t.Errorf("%d runs have a place, want %d", r.engine.running, want)
	}
	if got, want := r.group.Stats(), (GroupStats{Max: 1, Running: underWay, Overdue: isOverdue}); got != want {
		t.Errorf("the group has %+v, want %+v", got, want)
	}
	if got := leftBy(r); got != (leftRuns{btoi(f.stage.isLeft()), isOverdue}) {
		t.Errorf("%+v were left behind", got)
	}
	if got := isClosed(f.done); got == (underWay == 1) {
		t.Errorf("its end is known: %v", got)
	}
	if f.stage == stageReturned && c.joinable != nil {
		t.Error("others may join it")
	}
	if f.stage.isOverdue() && c.stats.StuckSince.IsZero() {
		t.Error("the statistics do not know that it is stuck")
	}
}

func leftBy(origin any) leftRuns {
	leftByOrigin.mu.Lock()
	defer leftByOrigin.mu.Unlock()
	return leftByOrigin.runs[origin]
}
