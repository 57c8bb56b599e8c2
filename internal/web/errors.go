package web

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/luxfi/metric/internal/callback"
	"github.com/luxfi/metric/internal/printable"
	"github.com/luxfi/metric/internal/redact"
)

// ServeError is an error of a handler, with a text that says what the handler was doing.
type ServeError struct {
	Doing string
	Err   error
}

// Error returns what the handler was doing, followed by the text of the error.
func (e *ServeError) Error() string { return e.Doing + ": " + e.Err.Error() }

// Unwrap returns the error.
func (e *ServeError) Unwrap() error { return e.Err }

// ErrorLog calls the user function that gets the errors of a handler. It must not be copied after its first
// use.
type ErrorLog struct {
	To func(error) // nil if errors are not logged

	caller   callback.Caller
	unlogged atomic.Int64 // number of errors that To did not get because it blocked
}

// Log calls the function, and waits for it as long as p allows. A panic of the function has no other
// effect.
func (l *ErrorLog) Log(p *callback.Allowance, err error) {
	if l.To == nil {
		return
	}
	before := l.unlogged.Swap(0)
	if before > 0 {
		err = &afterSilenceError{before, err}
	}
	failed := l.caller.Call(p, func() error {
		l.To(err)
		return nil
	})
	if errors.Is(failed, callback.ErrBlocked) {
		l.unlogged.Add(before + 1)
	}
}

// afterSilenceError is an error that is logged after others that were not.
type afterSilenceError struct {
	unlogged int64
	err      error
}

func (e *afterSilenceError) Error() string {
	return fmt.Sprintf("%v (%d more error(s) may not have been logged, since ErrorLog blocked)", e.err, e.unlogged)
}

func (e *afterSilenceError) Unwrap() error { return e.err }

// ErrorText calls the user function that returns the text of an answer about an error. It must not be
// copied after its first use.
type ErrorText struct {
	Func func(error) string // nil means the default

	caller callback.Caller
}

// Of returns the text for err, without control characters. It waits for the function as long as p allows.
func (t *ErrorText) Of(p *callback.Allowance, err error) string {
	if t.Func == nil {
		return shown(err.Error())
	}
	text, failed := callback.Call(&t.caller, p, func() (string, error) { return t.Func(err), nil })
	if failed != nil {
		return http.StatusText(http.StatusInternalServerError)
	}
	return printable.Text(text)
}

// BadRequest answers with 400 Bad Request and the text of err.
func BadRequest(w http.ResponseWriter, err error) {
	http.Error(w, shown(err.Error()), http.StatusBadRequest)
}

// LoopDetected answers with 508 Loop Detected and the text of err.
func LoopDetected(w http.ResponseWriter, err error) {
	http.Error(w, shown(err.Error()), http.StatusLoopDetected)
}

// shown returns the text of an error as an answer shows it by default: without credentials and control
// characters.
func shown(text string) string { return printable.Text(redact.Text(text)) }
