package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
)

// Contexts makes the contexts of the scrapes of a handler. S is the type of what it scrapes. It
// must not be copied after its first use.
type Contexts[S any] struct {
	Limits Limits
	Func   func(*http.Request) context.Context // Returns the context of a request; nil if there is none.
	Source *S                                  // What is scraped. It limits how often bad headers are logged.

	caller callback.Caller // Calls of Func.
}

// New returns the context of a scrape that began at start, and how long the scrape waits for the
// program's functions. The CancelFunc must be called at its end, even if there is an error, which
// is a panic of Func. If Func blocks until the deadline, or still does since an earlier request, there
// is an error in the log and the scrape is over: its collectors might need what Func would have
// told them.
func (c *Contexts[S]) New(w *Wire, start time.Time, log *ErrorLog) (
	context.Context, context.CancelFunc, *callback.Patience, error,
) {
	r, base := w.request, w.request.Context()
	deadline, badHeader := c.Limits.Deadline(r, start)
	ctx, cancel := c.Limits.Context(base, base, w.client, deadline)
	p := callback.NewPatience(ctx)
	if badHeader != nil && IsBadHeaderDue(r, c.Source) {
		log.Log(p, badHeader)
	}
	if c.Func == nil {
		return ctx, cancel, p, nil
	}
	made, err := callback.Call(&c.caller, p, func() (context.Context, error) { return MakeContext(r, c.Func) })
	if err == nil {
		var free context.CancelFunc
		err = engine.Try(func() error { // Methods of made may panic yet.
			made, free = c.Limits.Context(made, base, w.client, deadline)
			return nil
		})
		if err == nil {
			cancel()
			return made, free, p, nil
		}
	}
	err = &ServeError{Doing: "making the context of the scrape: ContextFunc", Err: err}
	log.Log(p, err)
	if errors.Is(err, callback.ErrBlocked) {
		ctx, free := context.WithDeadline(ctx, start)
		return ctx, func() { free(); cancel() }, p, nil
	}
	if _, panicked := errors.AsType[*engine.PanicError](err); panicked {
		return ctx, cancel, p, err
	}
	return ctx, cancel, p, nil
}

// MakeContext returns the context that f makes for a request, or that of the request and an error
// if f's cannot be used.
func MakeContext(r *http.Request, f func(*http.Request) context.Context) (context.Context, error) {
	return callback.MakeContext(r.Context(), func() context.Context { return f(r) })
}
