package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/engine"
)

// Contexts makes the contexts for the scrapes of a handler. S is the type of what it scrapes. A Contexts
// must not be copied after its first use.
type Contexts[S any] struct {
	Limits Limits
	Func   func(*http.Request) context.Context // returns the context of a request; may be nil
	Source *S                                  // what is scraped; limits how often bad headers are logged

	caller callback.Caller // calls Func
}

// New returns the context of a scrape that began at start, and the allowance of the scrape for user
// functions. The caller must call the CancelFunc at the end, even after an error. The error is a panic of
// Func. If Func blocks until the deadline, or has blocked since an earlier request, New logs that and returns
// a context that is done: collectors might need the values that Func would have put into the context.
func (c *Contexts[S]) New(w *Wire, start time.Time, log *ErrorLog) (
	context.Context, context.CancelFunc, *callback.Allowance, error,
) {
	r, base := w.request, w.request.Context()
	deadline, badHeader := c.Limits.Deadline(r, start)
	ctx, cancel := c.Limits.Context(base, base, w.client, deadline)
	allowance := callback.NewAllowance(ctx)
	if badHeader != nil && IsBadHeaderDue(r, c.Source) {
		log.Log(allowance, badHeader)
	}
	if c.Func == nil {
		return ctx, cancel, allowance, nil
	}
	made, err := callback.Call(&c.caller, allowance, func() (context.Context, error) { return MakeContext(r, c.Func) })
	if err == nil {
		var free context.CancelFunc
		err = engine.Try(func() error { // Methods of made may still panic.
			made, free = c.Limits.Context(made, base, w.client, deadline)
			return nil
		})
		if err == nil {
			cancel()
			return made, free, allowance, nil
		}
	}
	err = &ServeError{Doing: "making the context of the scrape: ContextFunc", Err: err}
	log.Log(allowance, err)
	if errors.Is(err, callback.ErrBlocked) {
		ctx, free := context.WithDeadline(ctx, start)
		return ctx, func() { free(); cancel() }, allowance, nil
	}
	if _, panicked := errors.AsType[*engine.PanicError](err); panicked {
		return ctx, cancel, allowance, err
	}
	return ctx, cancel, allowance, nil
}

// MakeContext returns the context that f makes for a request. If that cannot be used, it returns the
// context of the request and an error.
func MakeContext(r *http.Request, f func(*http.Request) context.Context) (context.Context, error) {
	return callback.MakeContext(r.Context(), func() context.Context { return f(r) })
}
