package scrape

import (
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/engine"
)

// Failure is what went wrong with one collector, or with one of its samples.
type Failure struct {
	Collector string // The collector's name in the scrape.
	Err       error

	Sole      bool   // The collector is a gatherer that is all there is: its errors are passed on as they are.
	Gatherers string // The numbers of the Gatherers around it, each followed by a space, as client_golang's errors begin.
	Collision bool   // With what another collector has given: neither of the two is wrong by itself.
}

// ErrorOf makes one error of failures, of which there is at least one.
type ErrorOf func([]*Failure) error

// asPanic finds a PanicError in err.
func asPanic(err error) (*engine.PanicError, bool) { return errors.AsType[*engine.PanicError](err) }

// maxReported bounds how many failures one collector may add to a GatherError, so
// that a flood of bad samples does not become a flood of errors.
const maxReported = 100

// Failures collects what goes wrong in a scrape.
type Failures struct {
	list    []*Failure
	sole    string                                    // The name of the gatherer that is all there is, if there is one.
	Around  func(collector string) (gatherers string) // The Gatherers around a collector; nil if there are none.
	dropped map[string]int                            // How many failures of a collector have been counted.
}

func (f *Failures) add(collector string, err error) {
	f.addFailure(&Failure{Collector: collector, Err: err})
}

func (f *Failures) addFailure(failure *Failure) {
	collector := failure.Collector
	if f.dropped == nil {
		f.dropped = make(map[string]int)
	}
	f.dropped[collector]++
	failure.Sole = f.sole != "" && collector == f.sole
	if f.Around != nil && failure.Gatherers == "" {
		failure.Gatherers = f.Around(collector)
	}
	if f.dropped[collector] <= maxReported {
		f.list = append(f.list, failure)
	}
}

// Err returns an error about all failures, or nil if nothing has gone wrong.
func (f *Failures) Err(of ErrorOf) error {
	switch {
	case len(f.list) == 0:
		return nil
	case len(f.list) == 1 && f.list[0].Sole:
		return f.list[0].Err
	}
	for collector, n := range f.dropped {
		if n > maxReported {
			delete(f.dropped, collector) // So that it is told once.
			f.list = append(f.list, &Failure{
				Collector: collector, Sole: f.sole != "" && collector == f.sole, Err: fmt.Errorf("%d more error(s) of the same collector", n-maxReported),
			})
		}
	}
	return of(f.list)
}
