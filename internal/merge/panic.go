package merge

import (
	"runtime/debug"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// ReadError is a panic of a native source while its series were read. Those that were
// written before are served.
type ReadError struct {
	Family string
	Err    *engine.PanicError
}

// Error describes the panic.
func (e *ReadError) Error() string { return e.Err.Error() }

// Unwrap returns the panic.
func (e *ReadError) Unwrap() error { return e.Err }

func readError(f *model.Family, value any) *ReadError {
	return &ReadError{Family: f.Name, Err: &engine.PanicError{Value: value, Stack: debug.Stack()}}
}

// survive is deferred while a native source is read and its points are written. It
// reports a panic of the source: our own instruments run nobody else's code, so this is
// a mistake of ours, which must not cost the other families. A panic of the sink goes on,
// since half a point may have been written.
//
// One deferred call for each family costs nothing that shows in a scrape; one for each
// series would.
func (w *writer) survive(f *model.Family) {
	if !w.reading {
		return
	}
	w.reading = false
	if value := recover(); value != nil {
		w.report(-1, readError(f, value))
	}
}
