package engine

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/luxfi/metric/internal/model"
)

// Sink is where a run writes what it collects. Every run has a sink of its own, so that late samples reach
// no other scrape. Sinks are safe for concurrent use.
type Sink interface {
	// Sample adds a sample. The caller may reuse p when Sample returns. An error means that no scrape waits
	// for the run any more (see [ErrAbandoned]) or that the sink cannot take this sample. In the second
	// case the run may go on.
	Sample(f *model.Family, p *model.Point) error
	// Drop reports a sample that could not be added. If err is nil, Drop only counts the sample: it was
	// left out for the same reason as an earlier one.
	Drop(err error)
	// Note reports a problem that has cost no sample.
	Note(err error)
	// Close ends the sink because no scrape waits for further samples. It may be called more than once, and
	// while Sample runs.
	Close()
}

// ErrAbandoned is the error of a sink when no scrape waits for its run any more.
var ErrAbandoned = errors.New("the scrape that started this collector has ended")

// Buffer is a [Sink] that keeps all samples in memory.
type Buffer struct {
	mu      sync.Mutex
	memory  *memory // nil if there is no sample, and when the buffer is closed
	count   int     // samples taken, including those already handed out
	dropped Dropped
	closed  bool
	limit   int // maximum number of samples; 0 if unlimited; see Bound
	room    int // remaining bytes of labels, if limit is set

	// These are read and written with the engine's mutex held. They are atomic because the engine must not
	// wait for mu: its holder may be a sender that has just been preempted.
	full       atomic.Bool // The buffer was closed because it reached limit.
	unattended atomic.Bool // No scrape waits for it.

	background bool // The limits of background runs apply.

	expected int  // expected number of samples
	origins  bool // Samples keep their Origin.
}

// A new buffer has room for at least minExpected samples, so that it need not grow from one, and for at
// most maxExpected, so that one huge run does not make the next ones costly.
const (
	minExpected = 4
	maxExpected = 1 << 17
)

// newBuffer returns a buffer for about the expected number of samples.
func newBuffer(expected int) *Buffer {
	return &Buffer{expected: min(max(expected, minExpected), maxExpected)}
}

// Sample implements [Sink].
func (b *Buffer) Sample(f *model.Family, p *model.Point) error { return b.SampleOf(f, p, nil) }

// SampleOf adds a sample with its origin; see [Running.Origins].
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

// reserve counts samples with the given number of bytes of labels, and returns the memory to put them in.
// It returns nil if the buffer is closed or the samples would exceed its limits. mu must be held.
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

// withoutOrigins returns a copy of samples without their Origin.
func withoutOrigins(samples []model.Sample) []model.Sample {
	samples = slices.Clone(samples)
	for i := range samples {
		samples[i].Origin = nil
	}
	return samples
}

// Drop implements [Sink].
func (b *Buffer) Drop(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.dropped.Add(err)
	}
}

// Note implements [Sink].
func (b *Buffer) Note(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.dropped.Note(err)
	}
}

// Snapshot returns the samples that have arrived so far. The slices are read-only: the run may still append
// behind their end.
func (b *Buffer) Snapshot() Given {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.memory.given(b.dropped)
}

// Limits of the samples that a run may add to a buffer while no scrape waits for it.
const (
	maxUnattended      = 1 << 18  // samples
	maxUnattendedBytes = 64 << 20 // bytes of labels
)

// errUnattended is the error of a run that has exceeded these limits.
var errUnattended = fmt.Errorf("after the end of its scrape it has sent more than %d samples or %d MiB of labels: all were dropped",
	maxUnattended, maxUnattendedBytes>>20)

// Limits of the samples that a background run may send. They are needed because no scrape with a deadline
// ends a flood of samples. Only tests change them.
var (
	maxBackground      = 1 << 21 // samples
	maxBackgroundBytes = 1 << 29 // bytes of labels
)

// boundBackground applies the limits of background runs.
func (b *Buffer) boundBackground() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit, b.room, b.background = maxBackground, maxBackgroundBytes, true
}

// errFull returns the error of a run whose buffer is full; see [Buffer.IsFull].
func (b *Buffer) errFull() error {
	if b.background {
		return fmt.Errorf("in the background it has sent more than %d samples or %d MiB of labels: all were dropped",
			maxBackground, maxBackgroundBytes>>20)
	}
	return errUnattended
}

// Bound lifts the limit on added samples if attended is true and sets it otherwise: a buffer that no scrape
// waits for must stay small.
func (b *Buffer) Bound(attended bool) { b.unattended.Store(!attended) }

// setLimit applies the last call of [Buffer.Bound].
func (b *Buffer) setLimit() {
	switch unattended := b.unattended.Load(); {
	case b.background:
	case !unattended:
		b.limit = 0
	case b.limit == 0:
		b.limit, b.room = maxUnattended+b.count, maxUnattendedBytes
	}
}

// IsFull reports whether the buffer was closed because it reached its limit.
func (b *Buffer) IsFull() bool { return b.full.Load() }

// Count returns the number of samples that have arrived.
func (b *Buffer) Count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.count
}

// take closes the buffer and returns its contents together with their memory. The memory then belongs to the
// caller. No Snapshot may be in use.
func (b *Buffer) take() (*memory, Given) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, all := b.memory, b.memory.given(b.dropped)
	b.close()
	return m, all
}

// Close implements [Sink]. The buffer releases its contents.
func (b *Buffer) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.close()
}

func (b *Buffer) close() { b.closed, b.memory, b.dropped = true, nil, Dropped{} }
