// Package store keeps samples of all series of a program for a while, in little memory.
//
// A [Round] takes one sample: it is a [model.Sink] to gather into. [Store.Latest] returns the last sample, and
// [Store.Range] the numbers of the past.
package store

import (
	"time"

	"github.com/luxfi/metric/internal/model"
)

// Limits bound a store.
type Limits struct {
	Window    time.Duration // How long samples are kept.
	MaxBytes  int           // Memory for the past; the oldest samples go first when it is full.
	MaxSeries int           // Series beyond are counted, but not kept.
}

// Store keeps samples. Its methods are safe for concurrent use, except that only one round may be open.
type Store struct{ limits Limits }

// New returns an empty store.
func New(limits Limits) *Store { return &Store{limits} }

// Begin begins a sample of the time at, which must be later than those before.
func (s *Store) Begin(at time.Time) *Round { panic("TODO") }

// Latest returns the last sample, or nil if there is none.
func (s *Store) Latest() *Snapshot { panic("TODO") }

// Range returns the times of the samples after from, and for each of the columns the numbers at
// these times. Where a series was not there, the number is [Missing].
func (s *Store) Range(from time.Time, cols []int32) (times []time.Time, numbers [][]float64) {
	panic("TODO")
}

// Missing is the number of a series at a time when it was not there. Only its bits tell it from other NaNs; see IsMissing.
var Missing float64

// IsMissing reports whether a number is Missing.
func IsMissing(f float64) bool { panic("TODO") }

// Usage tells what a store keeps.
type Usage struct {
	From    time.Time // Of the oldest sample; zero if there is none.
	Samples int
	Bytes   int // Memory of the past and of series.
}

// Usage returns what is kept now.
func (s *Store) Usage() Usage { panic("TODO") }

// Clear forgets everything. Snapshots that were returned stay as they are.
func (s *Store) Clear() { panic("TODO") }

// Round takes one sample. It is a [model.Sink], to be used by one goroutine. Nothing shows until Commit.
type Round struct{}

var _ model.Sink = (*Round)(nil)

// Family implements model.Sink.
func (r *Round) Family(f *model.Family) error { panic("TODO") }

// Point implements model.Sink.
func (r *Round) Point(p *model.Point) error { panic("TODO") }

// Commit adds the sample to the store and returns it.
func (r *Round) Commit() *Snapshot { panic("TODO") }

// Discard drops the sample.
func (r *Round) Discard() { panic("TODO") }
