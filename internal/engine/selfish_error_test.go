package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/luxfi/metric/internal/engine"
)

// ownSelfError is an error that wraps itself; so is manySelvesError, in another way.
type (
	ownSelfError    struct{}
	manySelvesError struct{}
)

func (*ownSelfError) Error() string   { return "it is itself" }
func (e *ownSelfError) Unwrap() error { return e }

func (*manySelvesError) Error() string     { return "it is itself" }
func (e *manySelvesError) Unwrap() []error { return []error{e, e} }

// TestErrorThatWrapsItself checks that it costs only its collector, returned or as a panic:
// errors.Is would look at it for ever, or until the stack overflows.
func TestErrorThatWrapsItself(t *testing.T) {
	deep := errOwn
	for range 10_000 {
		deep = errors.Join(deep)
	}
	for name, bad := range map[string]error{"one": new(ownSelfError), "many": new(manySelvesError), "deep": deep} {
		for way, run := range map[string]engine.Run{
			"returned": func(context.Context, engine.Running, engine.Sink) error { return bad },
			"panic":    func(context.Context, engine.Running, engine.Sink) error { panic(bad) },
		} {
			t.Run(name+"/"+way, func(t *testing.T) {
				outcomes := new(engine.Engine).Collect(t.Context(), jobs(aware(run), quick()))
				wantValues(t, outcomes[1], 1)
				if outcomes[0].Err == nil || outcomes[0].Err.Error() == "" || errors.Is(outcomes[0].Err, context.Canceled) {
					t.Errorf("got error %v", outcomes[0].Err)
				}
			})
		}
	}
}
