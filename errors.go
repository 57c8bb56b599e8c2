package metric

import (
	"errors"
	"fmt"
	"strings"

	"github.com/luxfi/metric/internal/collect"
	"github.com/luxfi/metric/internal/engine"
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

// asPanic finds a PanicError in err.
func asPanic(err error) (*PanicError, bool) { return errors.AsType[*PanicError](err) }

// CollectorError is what went wrong with one collector, or with one of its samples.
type CollectorError struct {
	Collector string // The collector's name: see WithName.
	Err       error

	sole      bool   // The collector is a gatherer that is all there is: its errors are passed on as they are.
	gatherers string // The numbers of the Gatherers around it, each followed by a space, as client_golang's errors begin.
	collision bool   // With what another collector has given: neither of the two is wrong by itself.
}

// Error names the collector and tells what went wrong.
func (e *CollectorError) Error() string {
	if e.Collector == "" || e.sole {
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
		err := collect.InClientWords(f.Err, f.gatherers != "")
		if f.gatherers != "" && !f.collision {
			err = fmt.Errorf("%s%w", f.gatherers, err)
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

// maxReported bounds how many failures one collector may add to a GatherError, so
// that a flood of bad samples does not become a flood of errors.
const maxReported = 100

// failures collects what goes wrong in a scrape.
type failures struct {
	list    []*CollectorError
	sole    string                                    // The name of the gatherer that is all there is, if there is one.
	around  func(collector string) (gatherers string) // The Gatherers around a collector; nil if there are none.
	dropped map[string]int                            // How many failures of a collector have been counted.
}

func (f *failures) add(collector string, err error) {
	f.addFailure(&CollectorError{Collector: collector, Err: err})
}

func (f *failures) addFailure(failure *CollectorError) {
	collector := failure.Collector
	if f.dropped == nil {
		f.dropped = make(map[string]int)
	}
	f.dropped[collector]++
	failure.sole = f.sole != "" && collector == f.sole
	if f.around != nil && failure.gatherers == "" {
		failure.gatherers = f.around(collector)
	}
	if f.dropped[collector] <= maxReported {
		f.list = append(f.list, failure)
	}
}

// err returns a *GatherError, or nil if nothing has gone wrong.
func (f *failures) err() error {
	switch {
	case len(f.list) == 0:
		return nil
	case len(f.list) == 1 && f.list[0].sole:
		return f.list[0].Err
	}
	for collector, n := range f.dropped {
		if n > maxReported {
			delete(f.dropped, collector) // So that it is told once.
			f.list = append(f.list, &CollectorError{
				Collector: collector, sole: f.sole != "" && collector == f.sole, Err: fmt.Errorf("%d more error(s) of the same collector", n-maxReported),
			})
		}
	}
	return &GatherError{Failures: f.list}
}
