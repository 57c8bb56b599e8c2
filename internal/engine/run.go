package engine

import (
	"context"
	"sync"
	"time"
)

// A Run runs a collector once: it writes the samples into sink and returns when it is done. The engine treats
// all collectors and gatherers as values of this type.
type Run func(ctx context.Context, r Running, sink Sink) error

// Running holds information from the engine for a run. A Run that wraps another one passes it on. The zero
// value is for runs outside of an engine.
type Running struct {
	hints   *hints
	origins *Buffer // the run's sink if the job asks for the origins of samples, and nil otherwise
}

// Origins returns the buffer that the run writes to, and the expected number of samples, if the job asks for
// the origins of samples. Otherwise, it returns nil.
func (r Running) Origins() (b *Buffer, expected int) {
	if r.origins == nil {
		return nil, 0
	}
	return r.origins, r.origins.expected
}

// WithoutOrigins returns r without origins. A Run that changes the samples of another one passes it on,
// because the origins would not have the changes.
func (r Running) WithoutOrigins() Running { return Running{hints: r.hints} }

// hints holds information about a run for [FromChannelOf].
type hints struct {
	expected int      // expected number of samples
	late     *drainer // takes the channel when the run has ended

	mu       sync.Mutex
	waited   bool     // whether the scrape has started all its runs and now only waits for them
	receiver receiver // started when waited becomes true; nil if none is registered
}

// receiver is a goroutine that has not been started yet.
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

// wait records that a scrape waits for the run.
func (h *hints) wait() {
	h.mu.Lock()
	to := h.receiver
	h.waited, h.receiver = true, nil
	h.mu.Unlock()
	if to != nil {
		to.start()
	}
}

// runContext is the context of a run. Every context derived from it has it as a value. So a scrape that a
// collector starts can recognize that it is part of a run: between the run and the scrape there is only user
// code, and only the context passes through it.
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

// Wanted returns the time by which a scrape wants the result of the run that it has started under ctx. It
// returns false if the scrape sets no such time. A run whose result is kept may last longer than that scrape,
// but if it asks other processes for data, the answers should come in time for the scrape.
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
