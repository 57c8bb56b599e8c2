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

// Stream is the sink of one stream collector. It implements [engine.Sink].
type Stream struct {
	mixer *Mixer

	// encoding guards the encoder and its fields. It is taken before the mixer's mutex.
	encoding sync.Mutex
	encoder  *encode.Encoder // nil when its last chunk is in the queue
	family   *model.Family   // the family begun last
	created  bool            // The name of its creation times has been claimed, or they are omitted.
	silenced string          // family that the stream may not continue after it has been silent
	differs  *model.Family   // variant of the family that was noted last
	notes    []error         // notes about samples that were still written
	dropped  engine.Dropped
	calls    uint64 // calls of Sample
	series   uint64 // series written, set when the encoder is nil

	// The mixer's mutex guards the following fields.
	queue [][]byte
	last  int  // chunks to take before the turn passes to another stream, if passes is set
	done  bool // The last chunk is in the queue.

	passes bool

	// These belong to Drain.
	seen  uint64 // calls at Drain's last check
	quiet int    // how often in a row Drain has seen nothing new

	closed atomic.Bool // No scrape waits for more.
}

// Sample implements [engine.Sink]. It waits while the queue is full. Any error other than
// [engine.ErrAbandoned] says why the sample was left out; it may be an *[encode.PointError].
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

// begin begins a family, unless f is a variant of the current one.
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

// claimCreated makes the current family be written without creation times if another family has their name.
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

// Notes returns the problems of samples that were still written.
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

// yield ends the turn of a quiet stream and queues what it has sent. The stream cannot continue its current
// family later, unless nothing of the family has been queued.
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

// Drop implements [engine.Sink].
func (s *Stream) Drop(err error) {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	if s.encoder == nil {
		return
	}
	s.dropped.Add(err)
}

// Note implements [engine.Sink].
func (s *Stream) Note(err error) {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	if s.encoder != nil {
		s.note(err)
	}
}

// Dropped returns the errors of the samples that were left out. It may block like Sample while the stream
// is not closed.
func (s *Stream) Dropped() engine.Dropped {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	return s.dropped
}

// Series returns the number of series written. The stream must be closed.
func (s *Stream) Series() uint64 {
	s.encoding.Lock()
	defer s.encoding.Unlock()
	return s.series
}

// Close implements [engine.Sink]. It queues what the encoder still holds, without waiting.
func (s *Stream) Close() {
	m := s.mixer
	m.mu.Lock()
	s.closed.Store(true)
	m.space.Broadcast() // This releases a waiting Sample, which holds encoding.
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

// Write takes a chunk of whole points from the encoder.
func (s *Stream) Write(chunk []byte) (int, error) {
	s.mixer.put(s, chunk)
	return len(chunk), nil
}
