package metric

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

// PanicError is a panic turned into an error. The panic happened in user code (a collector, a
// metric, a gatherer, a hook), or in an instrument of this package while a scrape read it.
// PanicError has this definition:
//
//	type PanicError struct {
//		Value any    // the argument of panic
//		Stack []byte // the stack of the goroutine that panicked, as from debug.Stack
//	}
//
//	func (e *PanicError) Error() string // the value, without the stack
//	func (e *PanicError) Unwrap() error // the value if it is an error, or nil
//
// Errors are pointers to it, and are found in the error of a scrape like this:
//
//	if panicked, ok := errors.AsType[*metric.PanicError](err); ok {
//		log.Printf("%v\n%s", panicked, panicked.Stack)
//	}
type PanicError = engine.PanicError

// ErrStillRunning reports that the registry did not start a collector for a scrape, because an
// earlier run of it has outlived its scrape and has not returned yet.
var ErrStillRunning = engine.ErrStillRunning

// ErrBreakerOpen reports that the registry did not run a collector, because the collector has
// failed too many times in a row and its breaker is open; see [WithBreaker].
var ErrBreakerOpen = engine.ErrBreakerOpen

// ErrRateLimited reports that the registry did not run a collector, because its rate limit does not
// allow another run yet; see [WithRateLimit].
var ErrRateLimited = engine.ErrRateLimited

// ErrClosed reports that a collector does not run in the background, because its registry is
// closed; see [ContextRegistry.Close].
var ErrClosed = engine.ErrClosed

// CollectorError is the failure of one collector, or of one of its samples.
type CollectorError struct {
	Collector string // name of the collector; see WithName
	Err       error

	failure *scrape.Failure // the failure as the scrape recorded it, or nil
}

// Error returns the name of the collector and the text of Err.
func (e *CollectorError) Error() string {
	if e.Collector == "" || e.failure != nil && e.failure.Hosted {
		return e.Err.Error()
	}
	return fmt.Sprintf("collector %s: %v", e.Collector, e.Err)
}

// Unwrap returns e.Err.
func (e *CollectorError) Unwrap() error { return e.Err }

// GatherError lists everything that went wrong in a scrape. It accompanies a partial result that contains
// everything except what the error mentions.
//
// errors.Is and errors.As examine each failure. For example, errors.Is(err,
// context.DeadlineExceeded) reports whether some collector did not finish in time. errors.As also
// finds a [MultiError], the type that gatherers of client_golang return.
type GatherError struct {
	Failures []*CollectorError

	plain bool // whether Error returns the text of WithoutNames
}

// Error lists the failures with the names of the collectors. If the error comes from a Gather method that
// client_golang also has, the text is the same as with [GatherError.WithoutNames].
func (e *GatherError) Error() string {
	if e.plain {
		return e.WithoutNames().Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d error(s) occurred:", len(e.Failures))
	for _, f := range e.Failures {
		b.WriteString("\n* ")
		b.WriteString(f.Error())
	}
	return b.String()
}

// Unwrap returns the failures, each a [*CollectorError].
func (e *GatherError) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		errs[i] = f
	}
	return errs
}

// WithoutNames returns the failures in the form that registries of client_golang use: a single
// failure as it is, several as a [MultiError]. As in client_golang, the text of a failure of a
// [Gatherers] begins with the number of the gatherer.
func (e *GatherError) WithoutNames() error { return e.withoutNames().MaybeUnwrap() }

func (e *GatherError) withoutNames() MultiError {
	errs := make(MultiError, 0, len(e.Failures))
	for _, f := range e.Failures {
		gatherers := ""
		if f.failure != nil {
			gatherers = f.failure.Gatherers
		}
		err := collect.InClientWords(f.Err, gatherers != "")
		if gatherers != "" && !f.failure.Collision {
			err = fmt.Errorf("%s%w", gatherers, err)
		}
		errs = append(errs, err)
	}
	return errs
}

// inPlainWords returns err with the text of WithoutNames if it is a *GatherError, and err itself otherwise.
func inPlainWords(err error) error {
	if failed, ok := err.(*GatherError); ok { //nolint:errorlint // A wrapped one does not count.
		return &GatherError{Failures: failed.Failures, plain: true}
	}
	return err
}

// As sets a target of type *[MultiError] to the failures.
func (e *GatherError) As(target any) bool {
	multi, ok := target.(*MultiError)
	switch {
	case !ok:
	case e.plain:
		*multi = e.withoutNames()
	default:
		*multi = e.Unwrap()
	}
	return ok
}

// gatherError returns failures as a *GatherError.
func gatherError(list []*scrape.Failure) error {
	e := &GatherError{Failures: make([]*CollectorError, len(list))}
	for i, f := range list {
		e.Failures[i] = &CollectorError{Collector: f.Collector, Err: f.Err, failure: f}
	}
	return e
}

// joined returns an error with the failures of two errors of a scrape, each of which may be nil.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &GatherError{Failures: slices.Concat(failuresIn(a), failuresIn(b))}
}

// failuresIn returns the failures that err consists of.
func failuresIn(err error) []*CollectorError {
	if failed, ok := err.(*GatherError); ok { //nolint:errorlint // An error that wraps one is a failure of its own.
		return failed.Failures
	}
	return []*CollectorError{{Err: err}}
}
