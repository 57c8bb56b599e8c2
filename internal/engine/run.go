package engine

import (
	"context"
	"sync"
)

// run is what FromChannelOf knows of the run that it is called in.
type run struct {
	expected int         // How many samples there will probably be.
	late     *latecomers // For the channel.

	of    *Collector      // What is run; nil outside of an engine.
	in    *flight         // Likewise.
	outer context.Context //nolint:containedctx // The run's context without the run itself.

	mu       sync.Mutex
	waited   bool     // The scrape that has started the run has nothing else to do than to wait.
	receiver receiver // To be started then.
}

// receiver is a goroutine that has not been started.
type receiver interface{ start() }

func newRun(expected int, late *latecomers, waited bool) *run {
	return &run{expected: expected, late: late, waited: waited}
}

// whenWaited starts the receiver as soon as a scrape waits for the run.
func (r *run) whenWaited(to receiver) {
	r.mu.Lock()
	later := !r.waited && r.receiver == nil
	if later {
		r.receiver = to
	}
	r.mu.Unlock()
	if !later {
		to.start()
	}
}

// wait tells that a scrape waits for the run.
func (r *run) wait() {
	r.mu.Lock()
	to := r.receiver
	r.waited, r.receiver = true, nil
	r.mu.Unlock()
	if to != nil {
		to.start()
	}
}

// runContext is the context of a run.
type runContext struct {
	context.Context //nolint:containedctx // It is one.

	run run
}

type runKey struct{}

// Value implements context.Context.
func (c *runContext) Value(key any) any {
	if key == (runKey{}) {
		return &c.run
	}
	return c.Context.Value(key)
}
