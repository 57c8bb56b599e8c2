// Package timed knows when a scrape has begun to write what it has gathered.
package timed

import (
	"time"

	"github.com/luxfi/metric/internal/model"
)

// Sink passes on what it gets, and notes when that began. A scrape waits for its collectors before, and for nothing
// after that, so the time since then is about the processor time that the sample takes.
type Sink struct {
	model.Sink

	Began time.Time // When the first family came; zero if none has come.
}

var _ model.Sink = (*Sink)(nil)

// Family implements model.Sink.
func (s *Sink) Family(f *model.Family) error {
	if s.Began.IsZero() {
		s.Began = time.Now()
	}
	return s.Sink.Family(f)
}
