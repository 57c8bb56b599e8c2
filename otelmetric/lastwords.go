package otelmetric

import (
	"context"
	"time"
)

// A callback that goes on after the end of its context gets a little time to observe its last values and
// return. Then its observations are handed over, because its scrape does not wait for it. The context of a
// run ends before the deadline of its scrape, by a ninth of the run's time or 100 ms. A canceled scrape
// accepts samples for another 10 ms.
const (
	maxLastWords      = 5 * time.Millisecond
	lastWordsFraction = 18
)

// watch makes the observer hand over its observations soon after the end of ctx. The caller must call stop
// when the callback has returned.
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

// handOver hands over the observations so far, unless the callback has returned.
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

// finish ends the run and hands over the observations.
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
