package engine

import (
	"fmt"
	"slices"
)

// Dropped are the errors of samples that were left out, and what else was wrong with the
// samples of a run. There may be as many errors as there are samples, so only the first ones
// are kept. The zero value is ready. A copy is a snapshot: adding to the original does not
// change it.
type Dropped struct {
	first []error
	notes []error
	count int
}

// maxDropped is how many errors are kept, and how many notes.
const maxDropped = 50

// Add adds a sample that was left out because of err, or because of an error that was added
// before if err is nil.
func (d *Dropped) Add(err error) {
	d.count++
	if err != nil && len(d.first) < maxDropped {
		d.first = append(d.first, err)
	}
}

// Note adds an error that has cost no sample.
func (d *Dropped) Note(err error) {
	if len(d.notes) < maxDropped {
		d.notes = append(d.notes, err)
	}
}

// Count returns how many samples were left out.
func (d Dropped) Count() int { return d.count }

// Errors returns the first errors, one more with the number of samples that were left out
// besides, if any, and the notes.
func (d Dropped) Errors() []error {
	errs := slices.Clip(d.first)
	if more := d.count - len(d.first); more > 0 {
		errs = append(errs, fmt.Errorf("%d more samples were left out", more))
	}
	if len(d.notes) == 0 {
		return errs
	}
	return slices.Concat(errs, d.notes)
}
