// Package store keeps samples of all series of a program for a while, in little memory.
//
// A [Round] takes one sample: it is a [model.Sink] to gather into. [Store.Latest] returns the last
// sample, and [Store.Range] the numbers of the past.
//
// Each number of a series has a column. Columns are compressed, and recorded in generations that are
// dropped as a whole. A series that is gone is forgotten together with the generations that contain its
// numbers. If it comes back before that, it gets its columns again.
package store

import (
	"sync"
	"sync/atomic"
	"time"
)

// Limits are the limits of a store.
type Limits struct {
	// Window is how long samples are kept.
	Window time.Duration
	// MaxBytes limits the memory for the past and for series. If it is full, the store drops the oldest
	// samples. If series take three quarters of it, the store only counts new series. 0 means no limit.
	MaxBytes int
	// MaxSeries limits the number of series that are kept. Further series are only counted. 0 means no limit.
	MaxSeries int
}

// Store keeps samples. Its methods are safe for concurrent use, except that only one round may be open.
type Store struct {
	limits Limits
	latest atomic.Pointer[Snapshot]

	// The mutex guards the fields below and the past. It is never held while a round gathers.
	mu     sync.RWMutex
	kept   *kept
	open   *Round    // the round that may be committed, or nil
	rounds uint64    // number of rounds begun
	last   time.Time // the argument of the last Begin
	at     time.Time // the time of that round's sample
}

// New returns an empty store.
func New(limits Limits) *Store { return &Store{limits: limits, kept: newKept()} }

func newKept() *kept { return &kept{past: past{now: newRecording(0)}} }

// Begin begins a sample at the given time. A round that is still open can then no longer be committed.
//
// If the clock was set back, the sample's time is later than the previous one by the time that has
// really passed, as far as the monotonic clock shows, and by at least a millisecond.
func (s *Store) Begin(at time.Time) *Round {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rounds++
	moment := at.Round(0)
	if !s.at.IsZero() && !moment.After(s.at) {
		moment = s.at.Add(max(at.Sub(s.last), time.Millisecond))
	}
	s.last, s.at = at, moment
	s.open = newRound(s, s.kept, moment, s.rounds)
	return s.open
}

func (s *Store) isOpen(r *Round) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.open == r
}

// Latest returns the last sample, or nil before the first.
func (s *Store) Latest() *Snapshot { return s.latest.Load() }

// Range returns the times of the samples after from, and the numbers of each column at these times.
// Where a series did not exist, the number is [Missing].
func (s *Store) Range(from time.Time, cols []int32) (times []time.Time, numbers [][]float64) {
	after := nanosOf(from)
	s.mu.RLock()
	if latest := s.Latest(); latest != nil && s.kept.past.isLastOnly(after) {
		s.mu.RUnlock()
		return []time.Time{latest.At}, latest.columns(cols)
	}
	v := s.kept.past.view(after, cols)
	s.mu.RUnlock()
	return v.read(after, cols)
}

// Gone returns the series of a family that have numbers in the past but were not in the last sample, in
// no particular order.
func (s *Store) Gone(family string) []*Series {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.kept.directory.byName[family]
	if r == nil {
		return nil
	}
	gone := make([]*Series, 0, len(r.gone))
	for _, g := range r.gone {
		gone = append(gone, g.series)
	}
	return gone
}

// nanosOf returns t in nanoseconds since the Unix epoch, or -1 if t is before the epoch.
func nanosOf(t time.Time) int64 {
	if t.Before(time.Unix(0, 0)) {
		return -1
	}
	return t.UnixNano()
}

// Usage describes what a store keeps.
type Usage struct {
	From    time.Time // time of the oldest sample; zero before the first
	Samples int
	Bytes   int // memory of the past, of series and of the last sample
}

// Usage returns the store's current usage.
func (s *Store) Usage() Usage {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, first := s.kept.past.samples()
	u := Usage{Samples: n, Bytes: s.kept.memory() + s.Latest().memory()}
	if n > 0 {
		u.From = time.Unix(0, first)
	}
	return u
}

// Clear forgets everything. Snapshots that were returned remain valid.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept, s.open = newKept(), nil
	s.latest.Store(nil)
}
