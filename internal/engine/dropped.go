package engine

import (
	"fmt"
	"slices"
)

// Dropped are the errors of samples that were left out. There may be as many as there
// are samples, so only the first ones are kept. The zero value is ready. A copy is a
// snapshot: adding to the original does not change it.
type Dropped struct {
	first []error
	count int
}

const maxDropped = 50

// Add adds an error.
func (d *Dropped) Add(err error) {
	d.count++
	if len(d.first) < maxDropped {
		d.first = append(d.first, err)
	}
}

// Count returns how many samples were left out.
func (d Dropped) Count() int { return d.count }

// Errors returns the first errors and, if there are others, one more that tells how
// many.
func (d Dropped) Errors() []error {
	if more := d.count - len(d.first); more > 0 {
		return append(slices.Clip(d.first), fmt.Errorf("%d more samples were left out", more))
	}
	return slices.Clip(d.first)
}
