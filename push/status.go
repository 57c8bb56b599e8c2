package push

import (
	"context"
	"fmt"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

// LoopStatus is the state of a [Loop] at the time of [Loop.Status]. It is a copy.
type LoopStatus struct {
	Name     string
	Runs     uint64 // calls that were started
	Failures uint64 // calls that failed
	Skipped  uint64 // calls that were not made because an earlier one returned too late

	LastStart    time.Time     // start of the last call
	LastDuration time.Duration // duration of the last call that returned
	LastSuccess  time.Time     // end of the last call that succeeded
	LastError    error         // error of the last call that returned; nil after a success

	RunningSince time.Time // start of the call in progress; zero if no call is in progress
	Next         time.Time // when the next call is due; zero during a call and after the end
}

// account records the calls of a loop.
type account struct {
	stats       engine.Stats
	deadline    time.Time // deadline of the call in progress
	skipped     uint64
	lastSuccess time.Time
	next        time.Time
}

// Status returns the state of the loop. It does not block.
func (l *Loop) Status() LoopStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &l.account
	status := LoopStatus{
		Name: l.opts.Name, Runs: a.stats.Runs, Skipped: a.skipped,
		LastStart: a.stats.LastStart, LastDuration: a.stats.LastDuration, LastSuccess: a.lastSuccess, LastError: a.stats.LastErr,
		RunningSince: a.stats.RunningSince, Next: a.next,
	}
	for _, n := range a.stats.Failures {
		status.Failures += n
	}
	return status
}

// state returns the state of the loop for a registry. A call that ignores its deadline appears as stuck.
func (l *Loop) state() scrape.State {
	name := "push"
	if l.opts.Name != "" {
		name += "/" + l.opts.Name
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := l.account.stats
	if stats.Running > 0 && time.Since(l.account.deadline) > grace {
		stats.Stuck, stats.StuckSince = 1, l.account.deadline
	}
	return scrape.State{
		Name:     name,
		Kind:     "push",
		Policies: []string{fmt.Sprintf("every %v", l.opts.Interval), fmt.Sprintf("timeout %v", l.opts.Timeout)},
		Stats:    &stats,
	}
}

// await records when the next call is due.
func (l *Loop) await(next time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account.next = next
}

// skip adds n to the calls that were not made.
func (l *Loop) skip(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.account.skipped += n
}

// begin records the start of a call.
func (l *Loop) begin(timeout time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, now := &l.account, time.Now()
	a.deadline = now.Add(timeout)
	a.stats.Runs++
	a.stats.Running, a.stats.RunningSince, a.stats.LastStart, a.stats.LastLimit = 1, now, now, timeout
}

// end records the end of a call under ctx.
func (l *Loop) end(ctx context.Context, err error) {
	kind := engine.KindOf(err) // Before the lock, because it calls methods of err, which is user code.
	ended := isEnd(ctx, err, kind)
	l.mu.Lock()
	defer l.mu.Unlock()
	a, now := &l.account, time.Now()
	a.stats.LastEnded, a.stats.LastDuration = a.stats.LastStart, now.Sub(a.stats.LastStart)
	a.stats.Running, a.stats.RunningSince = 0, time.Time{}
	switch {
	case ended:
		return
	case err == nil:
		a.lastSuccess = now
	default:
		a.stats.Failures[kind]++
	}
	a.stats.SetResult(err, now)
	a.stats.LastRunErr = err
}
