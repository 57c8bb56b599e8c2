package stream

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/luxfi/metric/internal/encode"
	"github.com/luxfi/metric/internal/engine"
	"github.com/luxfi/metric/internal/model"
)

// Stream is the sink of one stream collector: an engine.Sink.
type Stream struct {
	mixer *Mixer

	// encoding guards the encoder and what belongs to it. It is taken before the
	// mixer's mutex.
	encoding sync.Mutex
	encoder  *encode.Encoder // Nil when its last chunk is in the queue.
	family   *model.Family   // The one begun last.
	dropped  engine.Dropped
	series   uint64 // Written, when the encoder is nil.

	// Guarded by the mixer's mutex.
	queue [][]byte
	done  bool // The last chunk is in the queue.

	closed atomic.Bool // Nobody waits for more.
}

// Sample implements engine.Sink. It waits while the queue is full. An error that is
// not engine.ErrAbandoned tells why the sample has been left out, among them an
// *encode.PointError.
func (s *Stream) Sample(f *model.Family, p *model.Point) error {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	if s.encoder == nil || s.closed.Load() {
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
	if now := s.family; now != nil && now.Name == f.Name {
		switch {
		case now.Type != f.Type:
			return fmt.Errorf("family %q has a sample that is a %s but should be a %s", f.Name, f.Type, now.Type)
		case now.Help != f.Help:
			return fmt.Errorf("family %q has a sample with help %q but should have %q", f.Name, f.Help, now.Help)
		case now.Unit != f.Unit:
			return fmt.Errorf("family %q has a sample with unit %q but should have %q", f.Name, f.Unit, now.Unit)
		}
		return nil
	}
	if err := s.mixer.claim(f.Name, s); err != nil {
		return err
	}
	s.family = f
	return s.encoder.Family(f)
}

// Drop implements engine.Sink.
func (s *Stream) Drop(err error) {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	if s.encoder == nil {
		return
	}
	s.dropped.Add(err)
}

// Dropped returns the errors of the samples that were left out. While the stream is not
// closed, it may have to wait as Sample does.
func (s *Stream) Dropped() engine.Dropped {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	return s.dropped
}

// Series returns how many series have been written, once the stream is closed.
func (s *Stream) Series() uint64 {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	return s.series
}

// Close implements engine.Sink. What the encoder still holds is sent, without waiting.
func (s *Stream) Close() {
	m := s.mixer
	m.mu.Lock()
	s.closed.Store(true)
	m.space.Broadcast() // Let go of a Sample that waits, which holds encoding.
	m.mu.Unlock()

	s.encoding.Lock()
	defer s.encoding.Unlock()
	if s.encoder == nil {
		return
	}
	_ = s.encoder.Abort() // Its writer is s, which does not fail.
	s.series = s.encoder.Series()
	s.encoder.Release()
	s.encoder = nil

	m.mu.Lock()
	defer m.mu.Unlock()
	s.done = true
	m.notify()
}

// Write takes a chunk from the encoder, which holds whole points.
func (s *Stream) Write(chunk []byte) (int, error) {
	s.mixer.put(s, chunk)
	return len(chunk), nil
}
