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
	// or none. Their series are as those of every Source. What goes wrong is reported; n is
	// the number of series that are left out because of it.
	Sources(s model.Source, report func(n int, err error)) []model.Source

	// Sink returns a sink for one run that passes on what becomes of its samples. Like that
	// of a run, it need not be safe for concurrent use.
	Sink(to engine.Sink) engine.Sink

	// Name returns the only name that a family may be written under, and reports whether
	// that is known. It is empty if no series of the family is left.
	Name(family string) (name string, ok bool)

	// Before returns the series that have become the given one, in the text format: that
	// explains why two of them are the same.
	Before(family, labels string) []string
}
