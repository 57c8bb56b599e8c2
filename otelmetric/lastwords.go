package otelmetric

import (
	"context"
	"time"
)

// A callback that goes on when its context has ended gets a little time to observe its last values and
// return. Then what it has observed is handed over: its scrape does not wait for it. Contexts of runs end
// before the deadline of their scrapes, by a ninth of the run's time or 100 ms, and scrapes that were
// cancelled listen for 10 ms.
const (
	maxLastWords      = 5 * time.Millisecond
	lastWordsFraction = 18
)

// watch has what the callback has observed handed over soon after the end of ctx. The caller has to call stop
// when it has returned.
func (o *observer) watch(ctx context.Context) (stop func() bool) {
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	wait := maxLastWords
	if deadline, ok := ctx.Deadline(); ok {
		wait = max(0, min(wait, time.Until(deadline)/lastWordsFraction))
	}
	return context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.run != nil {
			o.timer = time.AfterFunc(wait, o.handOver)
		}
	})
}

// handOver hands over what has been observed, unless the callback has returned.
func (o *observer) handOver() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.run == nil {
		return
	}
	o.emitted = true
	o.callback.settle(o.run)
	o.run.emit(o.sink)
}

// finish ends the run, and hands over what has been observed.
func (o *observer) finish() {
	o.mu.Lock()
	r := o.run
	o.run = nil
	if o.timer != nil {
		o.timer.Stop()
	}
	o.mu.Unlock()
	if !o.emitted {
		o.callback.settle(r)
		r.emit(o.sink)
	}
	o.callback.reuse(r)
}
