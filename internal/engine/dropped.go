package engine

import (
	"fmt"
	"slices"
)

// Dropped holds the errors of samples that were left out of a run, and notes about other problems with its
// samples. There may be as many errors as there are samples, so it keeps only the first ones. The zero
// value is ready to use. A copy is a snapshot: adding to the original does not change it.
type Dropped struct {
	first []error
	notes []error
	count int
}

// maxDropped is the maximum number of errors kept, and of notes.
const maxDropped = 50

// Add counts a sample that was left out because of err, or, if err is nil, because of an error added
// before.
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

// Count returns the number of samples left out.
func (d Dropped) Count() int { return d.count }

// Errors returns the first errors, an error with the number of other samples that were left out, if any,
// and the notes.
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
