package instrument

import "github.com/luxfi/metric/internal/labelmap"

// Limited is what the series of a vector offer those who bound and count them. Vectors that are
// curried from one another have the same.
type Limited interface {
	SetLimit(series int)
	SetValueLimit(values labelmap.ValueLimit)
	Join(b *labelmap.Budget)
	Leave(b *labelmap.Budget)
	Usage() labelmap.Usage
	Names() []string
	Labels() (labels []labelmap.LabelUsage, bytes int)
}

// Limits implements Core.
func (x *index[C]) Limits() Limited { return x.children }

// Limits implements Core. A no-op vector has bounds of its own.
func (v *NoOpVec[N]) Limits() Limited { return nil }
