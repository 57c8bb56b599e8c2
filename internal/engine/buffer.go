package engine

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/luxfi/metric/internal/model"
)

// Sink is where one run writes what it collects. Every run has its own, so that
// what comes late reaches no other scrape. Sinks are safe for concurrent use.
type Sink interface {
	// Sample adds a sample. p may be used again when the call returns. An error
	// means that nobody waits for the run any more, or that this sample cannot
	// be taken; the run may go on in the second case.
	Sample(f *model.Family, p *model.Point) error
	// Drop reports a sample that could not be added. A nil error only counts it: it was left
	// out for the same reason as one before it.
	Drop(err error)
	// Note reports something that is wrong although no sample is left out because of it.
	Note(err error)
	// Close tells that nobody waits for what comes from now on. It may be called
	// more than once, and while Sample runs.
	Close()
}

// ErrAbandoned is what a sink answers when nobody waits for its run any more.
var ErrAbandoned = errors.New("the scrape that started this collector has ended")

// Buffer is a Sink that keeps everything in memory.
type Buffer struct {
	mu      sync.Mutex
	memory  *memory // Nil as long as there is no sample, and when the buffer is closed.
	count   int     // Samples that were taken, even if they have been handed out since.
	dropped Dropped
	closed  bool
	limit   int // How many samples it takes at the most; 0 if there is no limit. See Bound.
	room    int // How many bytes of labels it takes at the most, if there is a limit.

	// These are set and read with the engine's mutex held, which must not wait for somebody who
	// sends, and has just been interrupted.
	full       atomic.Bool // It was closed because of limit.
	unattended atomic.Bool // No scrape waits for it.

	background bool // Its limits are those of background runs.

	expected int  // How many samples there will probably be.
	origins  bool // Samples keep their Origin.
}

// Room for at least a few samples is made at once, so that it need not grow from one,
// and for at most so many, so that one huge run does not make the next ones costly.
const (
	minExpected = 4
	maxExpected = 1 << 17
)

// newBuffer returns a buffer for probably so many samples.
func newBuffer(expected int) *Buffer {
	return &Buffer{expected: min(max(expected, minExpected), maxExpected)}
}

// Sample implements Sink.
func (b *Buffer) Sample(f *model.Family, p *model.Point) error { return b.SampleOf(f, p, nil) }

// SampleOf is Sample for a point that has an origin; see Running.Origins.
func (b *Buffer) SampleOf(f *model.Family, p *model.Point, origin any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.reserve(1, len(p.Labels.Text()))
	if m == nil {
		return ErrAbandoned
	}
	m.samples = append(m.samples, model.Sample{Family: f, Point: p.CloneWith(m.texts.Hold(p.Labels)), Origin: origin})
	return nil
}

// reserve counts samples with so many bytes of labels, and returns the memory to put them in. It
// returns nil if the buffer is closed, or the samples would exceed its bound.
func (b *Buffer) reserve(samples, bytes int) *memory {
	if b.closed {
		return nil
	}
	b.setLimit()
	if b.limit > 0 {
		if b.room -= bytes; b.count+samples > b.limit || b.room < 0 {
			b.full.Store(true)
			b.close()
			return nil
		}
	}
	if b.memory == nil {
		b.memory = newMemory(b.expected)
	}
	b.count += samples
	return b.memory
}

// withoutOrigins returns the samples without their Origin.
func withoutOrigins(samples []model.Sample) []model.Sample {
	samples = slices.Clone(samples)
	for i := range samples {
		samples[i].Origin = nil
	}
	return samples
}

// Drop implements Sink.
func (b *Buffer) Drop(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.dropped.Add(err)
	}
}

// Note implements Sink.
func (b *Buffer) Note(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.dropped.Note(err)
	}
}

// Snapshot returns what has arrived so far. The slices are read-only: the run may
// go on appending behind their end.
func (b *Buffer) Snapshot() Given {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memory.given(b.dropped)
}

// How much a run may add to a buffer while no scrape waits for it.
const (
	maxUnattended      = 1 << 18  // Samples.
	maxUnattendedBytes = 64 << 20 // Bytes of labels.
)

// errUnattended is the error of a run that has sent more than that.
var errUnattended = fmt.Errorf("after the end of its scrape it has sent more than %d samples or %d MiB of labels: all were thrown away",
	maxUnattended, maxUnattendedBytes>>20)

// How much a background run may send. No deadline of a scrape ends a flood of samples. Only
// tests change them.
var (
	maxBackground      = 1 << 21 // Samples.
	maxBackgroundBytes = 1 << 29 // Bytes of labels.
)

// boundBackground limits what a background run adds.
func (b *Buffer) boundBackground() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit, b.room, b.background = maxBackground, maxBackgroundBytes, true
}

// errFull is the error of a run whose buffer IsFull.
func (b *Buffer) errFull() error {
	if b.background {
		return fmt.Errorf("in the background it has sent more than %d samples or %d MiB of labels: all were thrown away",
			maxBackground, maxBackgroundBytes>>20)
	}
	return errUnattended
}

// Bound limits what is added from now on, or lifts the limit if attended is true: a
// buffer that no scrape waits for must stay small.
func (b *Buffer) Bound(attended bool) { b.unattended.Store(!attended) }

// setLimit does what Bound has asked for.
func (b *Buffer) setLimit() {
	switch unattended := b.unattended.Load(); {
	case b.background:
	case !unattended:
		b.limit = 0
	case b.limit == 0:
		b.limit, b.room = maxUnattended+b.count, maxUnattendedBytes
	}
}

// IsFull reports whether the buffer was closed because of its bound.
func (b *Buffer) IsFull() bool { return b.full.Load() }

// Count returns how many samples have arrived.
func (b *Buffer) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

// take closes the buffer, and returns what it holds together with its memory, which belongs
// to the caller then. No Snapshot may be in use.
func (b *Buffer) take() (*memory, Given) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, all := b.memory, b.memory.given(b.dropped)
	b.close()
	return m, all
}

// Close implements Sink. The buffer lets go of what it holds.
func (b *Buffer) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.close()
}

func (b *Buffer) close() { b.closed, b.memory, b.dropped = true, nil, Dropped{} }
