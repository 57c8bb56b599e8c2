package metric

import (
	"context"

	"github.com/luxfi/metric/internal/instrument"
)

// ContextAdder is implemented by the counters of this package.
type ContextAdder interface {
	// AddWithContext adds v, with an exemplar if ctx has one; see [SetExemplarFromContext]. It
	// panics if v is negative.
	AddWithContext(ctx context.Context, v float64)
	// IncWithContext adds 1, with an exemplar if ctx has one.
	IncWithContext(ctx context.Context)
}

// ContextObserver is implemented by the histograms of this package.
type ContextObserver interface {
	// ObserveWithContext counts v, with an exemplar if ctx has one; see [SetExemplarFromContext].
	ObserveWithContext(ctx context.Context, v float64)
}

// SetExemplarFromContext sets the function that returns the labels of an exemplar for a context. These are
// usually the trace and span IDs of a sampled span. Nil labels mean no exemplar. Programs call
// SetExemplarFromContext once, while they start. A nil function turns exemplars from contexts off.
//
// The function must be safe for concurrent use. If it panics, or its labels are not valid, the
// observation has no exemplar.
func SetExemplarFromContext(extract func(context.Context) Labels) {
	instrument.SetExemplarFromContext(extract)
}
