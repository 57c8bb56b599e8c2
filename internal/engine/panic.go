package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// PanicError is the error of a panic in user code.
type PanicError struct {
	Value any    // value passed to panic
	Stack []byte // stack of the goroutine that panicked
}

// Error returns the value as text, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Try calls f and returns its error, or a *[PanicError] if f panicked.
func Try(f func() error) (err error) {
	returned := false
	defer func() {
		// With GODEBUG=panicnil=1, recover can return nil after a panic.
		if v := recover(); v != nil || !returned {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	err = f()
	returned = true
	return err
}

// presentable returns err, or in its place an error that can be inspected without a panic. err comes from
// user code. The usual error that cannot be inspected is a nil pointer to an error type, returned as an
// error: its methods are called wherever it is printed, compared or unwrapped, even where a panic would end
// the process.
func presentable(err error) error {
	if err == nil {
		return nil
	}
	text, bounded := "", true
	if panicked := Try(func() error {
		text = err.Error()
		if bounded = isBounded(err, new(int), 0); !bounded {
			return nil
		}
		_ = errors.Is(err, errNever) // Is calls the methods of everything that err wraps.
		_ = errors.As(err, new(*neverError))
		return nil
	}); panicked != nil {
		return fmt.Errorf("%v: the error, a %T, cannot be looked at: %w", err, err, panicked) //nolint:errorlint // Wrapped, it would be looked at.
	}
	if !bounded {
		return fmt.Errorf("%s (a %T that wraps itself, or too much else to be looked at)", text, err)
	}
	return err
}

// Limits on what an error may wrap.
const (
	maxErrorDepth = 100
	maxErrors     = 1000
)

// isBounded reports whether err wraps only a limited number of errors. An error that wraps itself would
// keep errors.Is busy forever, or end the process with a stack overflow. depth is the number of errors
// around err, and count the number of errors inspected so far.
func isBounded(err error, count *int, depth int) bool {
	if *count++; err == nil {
		return true
	}
	if depth > maxErrorDepth || *count > maxErrors {
		return false
	}
	switch e := err.(type) { //nolint:errorlint // Each is looked at by itself.
	case interface{ Unwrap() error }:
		return isBounded(e.Unwrap(), count, depth+1)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if !isBounded(inner, count, depth+1) {
				return false
			}
		}
	}
	return true
}

// errNever is an error that equals no other error.
var errNever error = new(neverError)

type neverError struct{ _ byte }

func (*neverError) Error() string { return "BUG: this error equals no other" }

var errGoexit = errors.New("runtime.Goexit was called")

// goTry runs f in a new goroutine. Then it calls ended in the same goroutine with f's error, made
// presentable, whether f returns, panics or calls runtime.Goexit.
func goTry(f func() error, ended func(error)) {
	go func() {
		err := errGoexit
		defer func() { ended(err) }()
		err = presentable(Try(f))
	}()
}
