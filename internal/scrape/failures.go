package scrape

import (
	"errors"
	"fmt"

	"github.com/luxfi/metric/internal/engine"
)

// Failure is a failure of a collector, or a problem with one of its samples.
type Failure struct {
	Collector string // name of the collector in the scrape
	Err       error

	Hosted    bool   // The collector is the only gatherer of a host. Its errors are passed on unchanged.
	Gatherers string // numbers of the Gatherers around it, each followed by a space, as client_golang's errors begin with them
	Collision bool   // It collides with the output of another collector. Neither is wrong by itself.
}

// ErrorOf makes one error of at least one failure.
type ErrorOf func([]*Failure) error

// asPanic finds an [engine.PanicError] in err.
func asPanic(err error) (*engine.PanicError, bool) { return errors.AsType[*engine.PanicError](err) }

// maxReported is the maximum number of failures that one collector may add to a GatherError, so that a
// flood of bad samples does not become a flood of errors.
const maxReported = 100

// Failures collects the failures of a scrape.
type Failures struct {
	list    []*Failure
	hosted  string                                    // name of the only gatherer of a host, or ""
	Around  func(collector string) (gatherers string) // returns the numbers of the Gatherers around a collector; nil if there are no Gatherers
	dropped map[string]int                            // number of failures by collector
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
	failure.Hosted = f.hosted != "" && collector == f.hosted
	if f.Around != nil && failure.Gatherers == "" {
		failure.Gatherers = f.Around(collector)
	}
	if f.dropped[collector] <= maxReported {
		f.list = append(f.list, failure)
	}
}

// Err returns an error about all failures, or nil without failures.
func (f *Failures) Err(of ErrorOf) error {
	switch {
	case len(f.list) == 0:
		return nil
	case len(f.list) == 1 && f.list[0].Hosted:
		return f.list[0].Err
	}
	for collector, n := range f.dropped {
		if n > maxReported {
			delete(f.dropped, collector) // Report it once only.
			f.list = append(f.list, &Failure{
				Collector: collector, Hosted: f.hosted != "" && collector == f.hosted, Err: fmt.Errorf("%d more error(s) of the same collector", n-maxReported),
			})
		}
	}
	return of(f.list)
}
