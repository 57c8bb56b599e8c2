package collect

import (
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// Reshaper changes what a gatherer gathers in ways that a prefix and labels cannot: it drops
// series, gives them other labels, or moves them to other families. It is safe for concurrent
// use.
type Reshaper interface {
	// Sources returns the families that a native family becomes: itself if nothing changes,
	// or none. They are valid as long as s is. The Reshaper calls report for everything that
	// goes wrong; n is the number of series that it leaves out because of that.
	Sources(s model.Source, report func(n int, err error)) []model.Source

	// Sink returns a sink for one run that changes samples and passes them on. Like that of a
	// run, it need not be safe for concurrent use.
	Sink(to engine.Sink) engine.Sink

	// Name returns the name under which a family is written, and reports whether it is known:
	// it is not if series of the family may get different names. The name is empty if no
	// series of the family is left.
	Name(family string) (name string, ok bool)

	// Before returns the series that have become the given one, in the text format, to explain
	// why two series are the same.
	Before(family, labels string) []string
}
