package engine

import (
	"context"
	"sync"
	"time"
)

// Run is one run of a collector: it writes what it collects into sink and returns
// when it is done. Everything that the engine does to a run, and every policy, is
// done to a value of this type.
type Run func(ctx context.Context, r Running, sink Sink) error

// Running is what the engine tells a run besides its context. A Run that is made of another one
// passes it on. The zero value is for runs outside of an engine.
type Running struct {
	hints   *hints
	origins *Buffer // The run's sink, if the origins of samples are asked for; see Job.
}

// Origins returns the buffer that the run writes to if the origins of samples are asked for, and
// how many samples there will probably be. It returns nil if they are not.
func (r Running) Origins() (b *Buffer, expected int) {
	if r.origins == nil {
		return nil, 0
	}
	return r.origins, r.origins.expected
}

// WithoutOrigins is for a run whose samples are changed on their way to the sink: their origins
// would not have the changes.
func (r Running) WithoutOrigins() Running { return Running{hints: r.hints} }

// hints is what FromChannelOf needs to know of the run that it is called in.
type hints struct {
	expected int         // How many samples there will probably be.
	late     *latecomers // For the channel.

	mu       sync.Mutex
	waited   bool     // The scrape that has started the run has nothing else to do than to wait.
	receiver receiver // To be started then.
}

// receiver is a goroutine that has not been started.
type receiver interface{ start() }

// whenWaited starts the receiver as soon as a scrape waits for the run.
func (h *hints) whenWaited(to receiver) {
	h.mu.Lock()
	later := !h.waited && h.receiver == nil
	if later {
		h.receiver = to
	}
	h.mu.Unlock()
	if !later {
		to.start()
	}
}

// wait tells that a scrape waits for the run.
func (h *hints) wait() {
	h.mu.Lock()
	to := h.receiver
	h.waited, h.receiver = true, nil
	h.mu.Unlock()
	if to != nil {
		to.start()
	}
}

// runContext is the context of a run. It is found among the values of every context that is
// derived from it: that is how a scrape recognizes that it is part of a run, which reaches it
// only through other people's code. Nothing else travels that way.
type runContext struct {
	context.Context //nolint:containedctx // It is one.

	in *flight
}

type runKey struct{}

// Value implements context.Context.
func (c *runContext) Value(key any) any {
	if key == (runKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Wanted returns when the scrape that has started the run under ctx wants its result, and false if it
// does not say. A run whose result is kept may last longer than that scrape; what it asks others for
// should come in time all the same.
func Wanted(ctx context.Context) (at time.Time, ok bool) {
	r := enclosing(ctx)
	if r == nil || r.in.wanted.IsZero() {
		return time.Time{}, false
	}
	return r.in.wanted, true
}

// enclosing returns the context of the innermost run that ctx belongs to, or nil.
func enclosing(ctx context.Context) *runContext {
	c, _ := ctx.Value(runKey{}).(*runContext)
	return c
}
