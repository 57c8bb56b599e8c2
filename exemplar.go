package metric

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// ContextAdder is implemented by the counters of this package.
type ContextAdder interface {
	// AddWithContext adds v, with an exemplar if ctx has one; see
	// SetExemplarFromContext. It panics if v is negative.
	AddWithContext(ctx context.Context, v float64)
	// IncWithContext adds 1, with an exemplar if ctx has one.
	IncWithContext(ctx context.Context)
}

// ContextObserver is implemented by the histograms of this package.
type ContextObserver interface {
	// ObserveWithContext counts v, with an exemplar if ctx has one; see
	// SetExemplarFromContext.
	ObserveWithContext(ctx context.Context, v float64)
}

var exemplarFromContext atomic.Pointer[func(context.Context) Labels]

// SetExemplarFromContext sets the function that turns a context into the labels of an
// exemplar: usually the trace and span IDs of a span, if that is sampled. Nil labels are
// no exemplar. It is meant to be called once while the program starts; nil unsets it.
//
// The function must be safe for concurrent use. If it panics, or its labels are not
// valid, there is no exemplar.
func SetExemplarFromContext(extract func(context.Context) Labels) {
	if extract == nil {
		exemplarFromContext.Store(nil)
		return
	}
	exemplarFromContext.Store(&extract)
}

// exemplarOf returns the exemplar of v that ctx has, or nil.
func exemplarOf(ctx context.Context, v float64) (e *model.Exemplar) {
	extract := exemplarFromContext.Load()
	if extract == nil {
		return nil
	}
	_ = engine.Try(func() (err error) { // An exemplar is not worth a failure.
		if labels := (*extract)(ctx); labels != nil {
			e, err = newExemplar(v, time.Now(), labels)
		}
		return err
	})
	return e
}

// AddWithContext implements ContextAdder.
func (c *counter) AddWithContext(ctx context.Context, v float64) {
	c.Add(v)
	if e := exemplarOf(ctx, v); e != nil {
		c.exemplar.Store(e)
	}
}

// IncWithContext implements ContextAdder.
func (c *counter) IncWithContext(ctx context.Context) { c.AddWithContext(ctx, 1) }

// ObserveWithContext implements ContextObserver.
func (h *histogram) ObserveWithContext(ctx context.Context, v float64) {
	h.Observe(v)
	if e := exemplarOf(ctx, v); e != nil {
		h.addExemplar(e)
	}
}
