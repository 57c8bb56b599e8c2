package stream

import (
	"fmt"
	"slices"
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
	created  bool            // The name of its creation times has been claimed, or they are omitted.
	silenced string          // The family that the stream may not go on with, after it has been silent.
	differs  *model.Family   // The one in another guise that was noted last.
	notes    []error         // About samples that were written nevertheless.
	dropped  engine.Dropped
	calls    uint64 // Of Sample.
	series   uint64 // Written, when the encoder is nil.

	// Guarded by the mixer's mutex.
	queue [][]byte
	last  int  // Chunks that may still be taken before the turn passes to another, if passes is set.
	done  bool // The last chunk is in the queue.

	passes bool

	// These belong to Drain.
	seen  uint64 // Calls when Drain last looked.
	quiet int    // How often in a row it has seen nothing new.

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
	s.calls++
	if f != s.family {
		if err := s.begin(f); err != nil {
			return err
		}
	}
	if p.Created.Valid && !s.created && s.mixer.scheme.CreatedLines {
		s.claimCreated()
	}
	return s.encoder.Point(p)
}

// begin begins a family, unless it is the current one in another guise.
func (s *Stream) begin(f *model.Family) error {
	if now := s.family; now != nil && now.Name == f.Name {
		if now.Type != f.Type {
			return fmt.Errorf("family %q has a sample that has type %s but should have %s", f.Name, f.Type.Constant(), now.Type.Constant())
		}
		switch {
		case f == s.differs:
		case now.Help != f.Help:
			s.note(fmt.Errorf("family %q has a sample with help %q but should have %q", f.Name, f.Help, now.Help))
			s.differs = f
		case now.Unit != f.Unit:
			s.note(fmt.Errorf("family %q has a sample with unit %q but should have %q", f.Name, f.Unit, now.Unit))
			s.differs = f
		}
		return nil
	}
	if f.Name == s.silenced {
		return fmt.Errorf("the collector was silent for so long, while others waited, that family %q could not be continued", f.Name)
	}
	if err := s.mixer.claim(f, s); err != nil {
		return err
	}
	s.family, s.created = f, false
	return s.encoder.Family(f)
}

// claimCreated has the current family written without creation times if another one has
// their name.
func (s *Stream) claimCreated() {
	s.created = true
	if err := s.mixer.claimCreated(s.family); err != nil {
		s.encoder.OmitCreated()
		s.note(err)
	}
}

const maxNotes = 50

func (s *Stream) note(err error) {
	if len(s.notes) < maxNotes {
		s.notes = append(s.notes, err)
	}
}

// Notes returns what was wrong with samples that were written nevertheless.
func (s *Stream) Notes() []error {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	return slices.Clone(s.notes)
}

// isQuiet reports whether the collector has sent nothing since the last call.
func (s *Stream) isQuiet() bool {
	if !s.encoding.TryLock() {
		return false // It is sending.
	}
	defer s.encoding.Unlock()
	if s.encoder == nil || s.calls != s.seen {
		s.seen = s.calls
		return false
	}
	return true
}

// yield has the turn of a quiet stream end. What it has sent is queued. The family that it is
// in the middle of cannot be continued later, unless nothing of it has been queued.
func (s *Stream) yield() {
	if !s.encoding.TryLock() {
		return
	}
	defer s.encoding.Unlock()
	if s.encoder == nil || s.calls != s.seen {
		return
	}
	_ = s.encoder.Flush() // Its writer is s, which does not fail.
	if s.family != nil && !s.encoder.IsHeld() {
		s.silenced, s.family = s.family.Name, nil
	}
	m := s.mixer
	m.mu.Lock()
	defer m.mu.Unlock()
	s.passes, s.last = true, len(s.queue)
	m.notify()
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

// Note implements engine.Sink.
func (s *Stream) Note(err error) {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	if s.encoder != nil {
		s.note(err)
	}
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
