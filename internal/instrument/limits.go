package instrument

import "github.com/luxfi/metric/internal/labelmap"

// Limited is implemented by the series of vectors with limits and counts. Vectors that are curried from
// one another share it.
type Limited interface {
	SetLimit(series int)
	SetValueLimit(values labelmap.ValueLimit)
	Join(b *labelmap.Budget)
	Leave(b *labelmap.Budget)
	Usage() labelmap.Usage
	Names() []string
	Labels() (labels []labelmap.LabelUsage, bytes int)
}

// Limits implements [Core].
func (x *index[C]) Limits() Limited { return x.children }

// Limits implements [Core]. A no-op vector has its own limit; see maxNoOp.
func (v *NoOpVec[N]) Limits() Limited { return nil }
