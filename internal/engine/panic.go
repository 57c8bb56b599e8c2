package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// PanicError is a panic in somebody else's code, turned into an error.
type PanicError struct {
	Value any    // What was passed to panic.
	Stack []byte // The stack of the goroutine that panicked.
}

// Error tells the value, not the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Try calls f and returns its error, or a *PanicError if it panicked.
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

// presentable returns err, which somebody else has made, or in its place an error that
// can be looked at without a panic. A nil pointer to an error type, returned as an error,
// is the usual one that cannot: its methods are called wherever it is printed, compared
// or unwrapped, also where a panic would end the process.
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
		_ = errors.Is(err, errNever) // Asks everything that err is made of.
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

// The bounds of what an error may wrap.
const (
	maxErrorDepth = 100
	maxErrors     = 1000
)

// isBounded reports whether err, which depth others wrap, wraps no more than a few errors. One
// that wraps itself would keep errors.Is busy for ever, or end the process with an
// overflow of the stack. count is how many were looked at.
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

// errNever is an error that no other one is.
var errNever error = new(neverError)

type neverError struct{ _ byte }

func (*neverError) Error() string { return "BUG: this is nobody's error" }

var errGoexit = errors.New("runtime.Goexit was called")

// goTry runs f in a new goroutine and then, in the same goroutine, ended with
// f's error, made presentable, however f ends: by returning, by a panic or by runtime.Goexit.
func goTry(f func() error, ended func(error)) {
	go func() {
		err := errGoexit
		defer func() { ended(err) }()
		err = presentable(Try(f))
	}()
}
