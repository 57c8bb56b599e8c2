// Package timed measures when a scrape begins to write what it has gathered.
package timed

import (
	"time"

	"github.com/luxfi/metric/internal/model"
)

// Sink forwards what it gets, and records when that began. A scrape waits for its collectors only before
// that, so the time since then is about the processor time that the sample takes.
type Sink struct {
	model.Sink

	Began time.Time // when the first family came; zero before that
}

var _ model.Sink = (*Sink)(nil)

// Family implements model.Sink.
func (s *Sink) Family(f *model.Family) error {
	if s.Began.IsZero() {
		s.Began = time.Now()
	}
	return s.Sink.Family(f)
}
