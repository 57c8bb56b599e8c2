// Package stream brings the output of stream collectors to a client while they still run. Each collector
// has an encoder of its own, and the chunks of its output wait in a short queue. The goroutine that calls
// [Mixer.Drain] writes them, one collector after the other, so that families stay together. A full queue
// makes its collector wait, so memory is bounded however many series there are. A collector that keeps the
// others waiting and sends nothing loses its turn; see [MaxSilence].
//
// The package starts no goroutine. A collector waits in [Stream.Sample], and goes on when its stream is
// closed or Drain has ended for any reason.
package stream

import (
	"fmt"
	"sync"
	"time"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

const (
	// maxQueued is the number of chunks of a stream that wait before its collector must wait.
	maxQueued = 2
	// maxHeld is the number of chunks that all streams together may queue while they wait for their turn:
	// about 12 MiB.
	maxHeld = 256
	// maxTurn is how long the turn of a stream may last before the others may go ahead, up to maxHeld. They
	// cannot be written before the families of that stream are whole. But they reach their end before the
	// scrape's deadline, even if the stream is stuck, slow or endless.
	maxTurn = 100 * time.Millisecond
	// MaxSilence is how long a collector may send nothing during its turn while others wait because maxHeld
	// is reached. Then its turn ends. It cannot continue the family that it was in the middle of, because
	// families must stay together.
	MaxSilence = time.Second
	// checks is how often Drain checks the collector in that time.
	checks = 4
)

// Mixer writes the chunks of several streams to one writer.
//
// First Open all streams. Then run the collectors, which close their streams, and call Drain at the same
// time. After that, call Dropped and Begun.
type Mixer struct {
	// Silence replaces MaxSilence if it is shorter and positive. It must not be changed after Drain has
	// been called.
	Silence time.Duration

	options encode.Options
	scheme  naming.Scheme

	mu         sync.Mutex
	changed    chan struct{}      // has a value when something has changed for Drain
	space      sync.Cond          // signaled when a collector may go on
	streams    []*Stream          // streams that are not at their end
	current    *Stream            // the stream whose turn it is, or nil
	queued     int                // chunks in all queues
	mayGoAhead bool               // The turn of the current stream has lasted maxTurn, so others may go ahead.
	waiting    int                // collectors that wait for space
	owners     map[string]*Stream // by the names of families that were begun
	claims     *naming.Claims     // names of these families
	free       [][]byte
	ended      bool // Drain has ended, and nothing is kept any more.
}

// NewMixer returns a mixer whose streams are encoded with the given options.
func NewMixer(options encode.Options) *Mixer {
	scheme := options.Scheme()
	m := &Mixer{
		options: options, scheme: scheme, changed: make(chan struct{}, 1),
		owners: make(map[string]*Stream), claims: naming.NewClaims(scheme),
	}
	m.space.L = &m.mu
	return m
}

// Open adds a stream. All streams must be added before Drain is called. Each must be closed, or Drain does
// not end before its context.
func (m *Mixer) Open() *Stream {
	s := &Stream{mixer: m}
	s.encoder = encode.NewEncoder(s, m.options)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams = append(m.streams, s)
	return s
}

// Claims returns the names of everything that the streams have written. It must not be called before all
// streams are closed.
func (m *Mixer) Claims() *naming.Claims {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.claims
}

// Begun reports whether a stream has begun a family of that name.
func (m *Mixer) Begun(family string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owners[family] != nil
}

// put queues a copy of a chunk. It waits while the queue of s is full, unless s is closed.
func (m *Mixer) put(s *Stream, chunk []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !s.closed.Load() && m.isFull(s) {
		m.waiting++
		m.space.Wait()
		m.waiting--
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
	mayGoAhead := m.mayGoAhead && s != m.current && m.queued < maxHeld
	return !mayGoAhead
}

// notify wakes Drain. The mutex must be held.
func (m *Mixer) notify() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// end throws away all chunks, queued and future ones.
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

// claim lets a stream begin a family. It returns an error if the family was begun before, or if another
// family is written under one of its names.
func (m *Mixer) claim(f *model.Family, s *Stream) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.owners[f.Name] {
	case nil:
		if err := m.claims.Take(f); err != nil {
			return err
		}
		m.owners[f.Name] = s
		return nil
	case s:
		return fmt.Errorf("the samples of family %q must be written together, but others came between", f.Name)
	default:
		return fmt.Errorf("family %q was left out, since another stream collector has written one with this name", f.Name)
	}
}

func (m *Mixer) claimCreated(f *model.Family) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.claims.TakeCreated(f)
}
