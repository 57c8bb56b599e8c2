package engine

import (
	"context"
	"sync"
	"time"
)

// Run runs a collector once: it writes what it collects into sink and returns when it is done. Everything
// that the engine does to a run, and every policy, applies to a value of this type.
type Run func(ctx context.Context, r Running, sink Sink) error

// Running is what the engine passes to a run besides its context. A Run that wraps another one passes it
// on. The zero value is for runs outside of an engine.
type Running struct {
	hints   *hints
	origins *Buffer // the run's sink, if the job asks for the origins of samples
}

// Origins returns the buffer that the run writes to, and the expected number of samples, if the job asks
// for the origins of samples. Otherwise it returns nil.
func (r Running) Origins() (b *Buffer, expected int) {
	if r.origins == nil {
		return nil, 0
	}
	return r.origins, r.origins.expected
}

// WithoutOrigins returns r without origins. It is for a run whose samples are changed on their way to the
// sink: their origins would lack the changes.
func (r Running) WithoutOrigins() Running { return Running{hints: r.hints} }

// hints is what [FromChannelOf] must know about the run that it is called in.
type hints struct {
	expected int      // expected number of samples
	late     *drainer // takes the channel when the run has ended

	mu       sync.Mutex
	waited   bool     // The scrape that has started the run only waits now.
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

// runContext is the context of a run. Every context derived from it has it among its values. That is how a
// scrape recognizes that it is part of a run: the context reaches the scrape only through user code.
// Nothing else travels that way.
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

// Wanted returns the time at which the scrape that has started the run under ctx wants its result, and
// false if that is not limited. A run whose result is kept may last longer than that scrape, but should ask
// others for results that come in time for it.
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
