// Package stream brings the output of stream collectors to a client while they still
// run. Each has an encoder of its own, whose chunks wait in a short queue; one
// goroutine writes them out, one collector after the other, so that families stay
// together. A full queue makes its collector wait: memory is constant, however many
// series there are.
package stream

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

const (
	// maxQueued is how many chunks of a stream wait before its collector does.
	maxQueued = 2
	// stall is how long the stream whose turn it is may be silent before the
	// others are allowed to queue more than maxQueued chunks: one that hangs must
	// not hold them up until the deadline.
	stall = 100 * time.Millisecond
)

// Mixer writes the chunks of several streams to one writer.
type Mixer struct {
	options encode.Options

	mu      sync.Mutex
	changed chan struct{} // Has a value when something has changed for Drain.
	space   sync.Cond     // Signalled when a collector may go on.
	streams []*Stream
	owners  map[string]*Stream // Of the families that were begun.
	free    [][]byte
	relaxed bool // Queues may grow.
	broken  bool // The writer has failed; nothing is kept any more.
}

// NewMixer returns a mixer whose streams are encoded as options say.
func NewMixer(options encode.Options) *Mixer {
	m := &Mixer{options: options, changed: make(chan struct{}, 1), owners: make(map[string]*Stream)}
	m.space.L = &m.mu
	return m
}

// Stream is the sink of one stream collector: an engine.Sink.
type Stream struct {
	mixer *Mixer

	// encoding guards the encoder and what belongs to it. It is taken before the
	// mixer's mutex.
	encoding sync.Mutex
	encoder  *encode.Encoder
	family   *model.Family
	dropped  []error
	ended    bool // The encoder is gone.

	// Guarded by the mixer's mutex.
	queue [][]byte
	done  bool // The last chunk is in the queue.

	closed atomic.Bool // Nobody waits for more.
}

// Open adds a stream. All streams have to be added before Drain is called.
func (m *Mixer) Open() *Stream {
	s := &Stream{mixer: m}
	s.encoder = encode.NewEncoder(s, m.options)
	m.streams = append(m.streams, s)
	return s
}

// Sample implements engine.Sink. It waits while the queue is full.
func (s *Stream) Sample(f *model.Family, p *model.Point) error {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	if s.ended || s.closed.Load() {
		return engine.ErrAbandoned
	}
	if f != s.family {
		if err := s.begin(f); err != nil {
			return err
		}
	}
	return s.encoder.Point(p)
}

// begin begins a family, unless it is the current one in another guise.
func (s *Stream) begin(f *model.Family) error {
	if s.family != nil && s.family.Name == f.Name {
		if s.family.Type != f.Type {
			return fmt.Errorf("family %q has a sample that is a %s but should be a %s", f.Name, f.Type, s.family.Type)
		}
		return nil
	}
	if err := s.mixer.claim(f.Name, s); err != nil {
		return err
	}
	s.family = f
	return s.encoder.Family(f)
}

// claim lets a stream begin a family, which nobody may have begun before.
func (m *Mixer) claim(family string, s *Stream) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.owners[family] {
	case nil:
		m.owners[family] = s
		return nil
	case s:
		return fmt.Errorf("the samples of family %q have to be written together, but others came between", family)
	default:
		return fmt.Errorf("family %q was left out, since another stream collector has written one with this name", family)
	}
}

// Begun tells whether a stream has begun a family of that name.
func (m *Mixer) Begun(family string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owners[family] != nil
}

// Drop implements engine.Sink.
func (s *Stream) Drop(err error) {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	if !s.ended {
		s.dropped = append(s.dropped, err)
	}
}

// Dropped returns the errors of the samples that were left out.
func (s *Stream) Dropped() []error {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	return s.dropped
}

// Close implements engine.Sink. What the encoder still holds is sent.
func (s *Stream) Close() {
	m := s.mixer
	m.mu.Lock()
	s.closed.Store(true)
	m.space.Broadcast() // Let go of a Sample that waits, which holds encoding.
	m.mu.Unlock()

	s.encoding.Lock()
	defer s.encoding.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	_ = s.encoder.Abort() // Its writer is s, which does not fail.
	s.encoder.Release()

	m.mu.Lock()
	defer m.mu.Unlock()
	s.done = true
	m.notify()
}

// Write takes a chunk from the encoder, which holds whole points.
func (s *Stream) Write(chunk []byte) (int, error) {
	m := s.mixer
	m.mu.Lock()
	defer m.mu.Unlock()
	for !s.closed.Load() && !m.relaxed && len(s.queue) >= maxQueued {
		m.space.Wait()
	}
	if m.broken {
		return len(chunk), nil
	}
	var memory []byte
	if n := len(m.free); n > 0 {
		memory, m.free = m.free[n-1], m.free[:n-1]
	}
	s.queue = append(s.queue, append(memory, chunk...))
	m.notify()
	return len(chunk), nil
}

// notify wakes Drain. The mutex is held.
func (m *Mixer) notify() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// Drain writes everything to w until all streams are closed, and returns the first
// error of w. ctx is the context of whoever reads w: when it is done, what is left is
// thrown away.
func (m *Mixer) Drain(ctx context.Context, w io.Writer) error {
	silence := time.NewTimer(stall)
	defer silence.Stop()
	var current *Stream
	for {
		var (
			chunk []byte
			more  bool
		)
		current, chunk, more = m.take(current)
		switch {
		case !more:
			return nil
		case chunk != nil:
			if _, err := w.Write(chunk); err != nil {
				m.abandon()
				return err
			}
			m.recycle(chunk)
			silence.Reset(stall)
			continue
		}
		select {
		case <-m.changed:
		case <-silence.C:
			m.relax()
		case <-ctx.Done():
			m.abandon()
			return context.Cause(ctx)
		}
	}
}

// take returns the next chunk and its stream: current for as long as that is not at
// its end, then whichever has one. There is more as long as a stream is not at its
// end, even if no chunk is there yet.
func (m *Mixer) take(current *Stream) (next *Stream, chunk []byte, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams = slices.DeleteFunc(m.streams, func(s *Stream) bool { return s.done && len(s.queue) == 0 })
	if len(m.streams) == 0 {
		return nil, nil, false
	}
	if !slices.Contains(m.streams, current) {
		i := slices.IndexFunc(m.streams, func(s *Stream) bool { return len(s.queue) > 0 })
		if i < 0 {
			return nil, nil, true
		}
		current = m.streams[i]
	}
	if len(current.queue) == 0 {
		return current, nil, true
	}
	chunk = current.queue[0]
	current.queue = slices.Delete(current.queue, 0, 1)
	m.space.Broadcast()
	return current, chunk, true
}

// recycle keeps a chunk's memory for the next one.
func (m *Mixer) recycle(chunk []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.free) < maxQueued {
		m.free = append(m.free, chunk[:0])
	}
}

// relax lets the queues grow.
func (m *Mixer) relax() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.relaxed = true
	m.space.Broadcast()
}

// abandon throws away what is queued and what comes.
func (m *Mixer) abandon() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = true
	for _, s := range m.streams {
		s.queue = nil
		s.closed.Store(true)
	}
	m.space.Broadcast()
}
