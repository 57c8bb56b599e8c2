package metric

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/scrape"
)

// PanicError is a panic in somebody else's code (a collector, a metric, a gatherer), or in
// an instrument of this package while a scrape reads it, turned into an error. Value is what
// was passed to panic, and Stack is the stack of the goroutine that panicked.
type PanicError = engine.PanicError

// ErrStillRunning reports that a collector was not started for a scrape, because an
// earlier run of it, which has outlived its scrape, has not returned yet.
var ErrStillRunning = engine.ErrStillRunning

// ErrBreakerOpen reports that a collector was not run, because it has failed too often in
// a row and rests; see WithBreaker.
var ErrBreakerOpen = engine.ErrBreakerOpen

// ErrRateLimited reports that a collector was not run, because that would have been more
// often than it may be; see WithRateLimit.
var ErrRateLimited = engine.ErrRateLimited

// ErrClosed reports that a collector is not run in the background, because its registry was
// closed; see ContextRegistry.Close.
var ErrClosed = engine.ErrClosed

// CollectorError is what went wrong with one collector, or with one of its samples.
type CollectorError struct {
	Collector string // The collector's name: see WithName.
	Err       error

	failure *scrape.Failure // What the scrape knows of it, or nil.
}

// Error names the collector and tells what went wrong.
func (e *CollectorError) Error() string {
	if e.Collector == "" || e.failure != nil && e.failure.Hosted {
		return e.Err.Error()
	}
	return fmt.Sprintf("collector %s: %v", e.Collector, e.Err)
}

// Unwrap returns what went wrong.
func (e *CollectorError) Unwrap() error { return e.Err }

// GatherError is everything that went wrong in a scrape. It comes beside a partial
// result: what is not mentioned in it has been gathered.
//
// errors.Is and errors.As look at each failure; errors.Is(err,
// context.DeadlineExceeded) tells that some collector did not finish in time.
// errors.As also finds a MultiError in it, as gatherers of client_golang return.
type GatherError struct {
	Failures []*CollectorError

	plain bool // The text is the one of WithoutNames.
}

// Error lists the failures, with the names of the collectors. What Gather returns says
// it in the words of WithoutNames instead.
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

// Unwrap returns the failures.
func (e *GatherError) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		errs[i] = f
	}
	return errs
}

// WithoutNames returns the failures as registries of client_golang do: the only one
// as it is, several as a MultiError. What a Gatherers could not get is marked with the
// number of the gatherer, as there.
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

// inPlainWords makes err, if it is a *GatherError, say what WithoutNames says.
func inPlainWords(err error) error {
	if failed, ok := err.(*GatherError); ok { //nolint:errorlint // Only what is returned itself.
		return &GatherError{Failures: failed.Failures, plain: true}
	}
	return err
}

// As sets a target of type *MultiError to the failures.
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

// joined returns what two errors of a scrape say, each of which may be nil.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return &GatherError{Failures: slices.Concat(failuresIn(a), failuresIn(b))}
}

// failuresIn returns the failures of which err consists.
func failuresIn(err error) []*CollectorError {
	if failed, ok := err.(*GatherError); ok { //nolint:errorlint // What is around others is part of the failure.
		return failed.Failures
	}
	return []*CollectorError{{Err: err}}
}
