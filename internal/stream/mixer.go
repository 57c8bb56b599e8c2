// Package stream brings the output of stream collectors to a client while they still
// run. Each has an encoder of its own, whose chunks wait in a short queue; one
// goroutine, that of Drain, writes them out, one collector after the other, so that
// families stay together. A full queue makes its collector wait: memory is bounded,
// however many series there are.
//
// The package starts no goroutine. A collector waits in Stream.Sample, and is let go
// when its stream is closed or Drain has ended, whatever the reason.
package stream

import (
	"fmt"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/encode"
)

const (
	// maxQueued is how many chunks of a stream wait before its collector does.
	maxQueued = 2
	// maxHeld is how many chunks all streams together may queue while they wait for
	// their turn: about 12 MiB.
	maxHeld = 256
	// patience is how long the turn of a stream may last before the others may go
	// ahead, up to maxHeld. They cannot be written out before its families are whole,
	// but so they are at their end before the scrape's deadline, be the one whose turn
	// it is stuck, slow or endless.
	patience = 100 * time.Millisecond
)

// Mixer writes the chunks of several streams to one writer.
//
// First Open all streams; then run the collectors, which close them, and at the same
// time Drain; after that, ask for what was Dropped and Begun.
type Mixer struct {
	options encode.Options

	mu      sync.Mutex
	changed chan struct{}      // Has a value when something has changed for Drain.
	space   sync.Cond          // Signalled when a collector may go on.
	streams []*Stream          // Those that are not at their end.
	current *Stream            // The one whose turn it is, if any.
	queued  int                // Chunks in all queues.
	lenient bool               // The current one has tried Drain's patience.
	owners  map[string]*Stream // Of the families that were begun.
	free    [][]byte
	ended   bool // Drain has ended; nothing is kept any more.
}

// NewMixer returns a mixer whose streams are encoded as options say.
func NewMixer(options encode.Options) *Mixer {
	m := &Mixer{options: options, changed: make(chan struct{}, 1), owners: make(map[string]*Stream)}
	m.space.L = &m.mu
	return m
}

// Open adds a stream. All streams have to be added before Drain is called, and each
// has to be closed, or Drain does not end before its context.
func (m *Mixer) Open() *Stream {
	s := &Stream{mixer: m}
	s.encoder = encode.NewEncoder(s, m.options)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams = append(m.streams, s)
	return s
}

// Begun tells whether a stream has begun a family of that name.
func (m *Mixer) Begun(family string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owners[family] != nil
}

// put queues a copy of a chunk. It waits while the queue of s is full, unless s is
// closed.
func (m *Mixer) put(s *Stream, chunk []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !s.closed.Load() && m.isFull(s) {
		m.space.Wait()
	}
	if m.ended {
		return
	}
	var memory []byte
	if n := len(m.free); n > 0 {
		memory, m.free = m.free[n-1], m.free[:n-1]
	}
	s.queue = append(s.queue, append(memory, chunk...))
	m.queued++
	m.notify()
}

func (m *Mixer) isFull(s *Stream) bool {
	if len(s.queue) < maxQueued {
		return false
	}
	mayGoAhead := m.lenient && s != m.current && m.queued < maxHeld
	return !mayGoAhead
}

// notify wakes Drain. The mutex is held.
func (m *Mixer) notify() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// end throws away what is queued and what comes.
func (m *Mixer) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	for _, s := range m.streams {
		s.queue = nil
		s.closed.Store(true)
	}
	m.queued, m.free = 0, nil
	m.space.Broadcast()
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
