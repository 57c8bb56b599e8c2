package callback

import (
	"context"
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/engine"
)

// errUnusable reports a context whose methods panic.
var errUnusable = errors.New("it has returned a context that cannot be used")

// MakeContext calls hook, which may derive a context from ctx, and returns the context to use: ctx if hook
// returns nil. If the methods of hook's result panic, for example because it is a nil pointer in an
// interface, MakeContext returns ctx and an error. It does not recover a panic of hook itself.
func MakeContext(ctx context.Context, hook func() context.Context) (context.Context, error) {
	next := hook()
	if next == nil {
		return ctx, nil
	}
	if err := usable(next); err != nil {
		return ctx, fmt.Errorf("%w, a %T: %v", errUnusable, next, err) //nolint:errorlint // It is not the function that has panicked.
	}
	return next, nil
}

// Within returns a context with the values of next that also ends when ctx does. next comes from a hook and
// may be unrelated to ctx. The caller must call unlink when the context is no longer needed.
func Within(ctx, next context.Context) (within context.Context, unlink func()) {
	if next.Done() == ctx.Done() {
		return next, func() {}
	}
	within, cancel := context.WithCancelCause(next)
	stop, free := FollowCancel(ctx, cancel), func() {}
	if deadline, ok := ctx.Deadline(); ok {
		within, free = context.WithDeadline(within, deadline)
	}
	return within, func() {
		free()
		stop()
		cancel(nil)
	}
}

// FollowCancel calls cancel when ctx is canceled, but not when its deadline passes, until stop is called.
func FollowCancel(ctx context.Context, cancel context.CancelCauseFunc) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel(context.Cause(ctx))
		}
	})
}

// usable returns an error if a method of ctx panics.
func usable(ctx context.Context) error {
	return engine.Try(func() error {
		type probe struct{}
		ctx.Done()
		ctx.Deadline()
		_ = ctx.Err()
		ctx.Value(probe{})
		return nil
	})
}
