package stream

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/luxfi/metric/internal/order"
)

// Drain writes everything to w until all streams are closed, and returns the first error of w. ctx is the
// context of the reader of w: when it is done, Drain discards the rest and returns the cause of ctx. When
// Drain has ended, no scrape waits for the streams any more, so their collectors get [engine.ErrAbandoned].
//
// The output has no trailer, and begins and ends between two families. If a stream is closed while its
// collector runs, the output lacks the last samples of the collector, without an error.
func (m *Mixer) Drain(ctx context.Context, w io.Writer) error {
	defer m.end() // even if w panics
	longTurn := time.AfterFunc(maxTurn, m.yieldTurn)
	defer longTurn.Stop()
	check := time.NewTicker(m.silence() / checks)
	defer check.Stop()
	for {
		chunk, turn, more := m.take()
		switch {
		case !more:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case turn:
			longTurn.Reset(maxTurn)
		}
		if chunk != nil {
			if _, err := w.Write(chunk); err != nil {
				return err
			}
			m.recycle(chunk)
			continue
		}
		select {
		case <-m.changed:
		case <-check.C:
			m.checkCurrent()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (m *Mixer) silence() time.Duration {
	if m.Silence > 0 {
		return max(min(m.Silence, MaxSilence), checks)
	}
	return MaxSilence
}

// checkCurrent ends the turn of a stream that is silent while others wait for space.
func (m *Mixer) checkCurrent() {
	m.mu.Lock()
	s := m.current
	starving := s != nil && len(s.queue) == 0 && !s.passes && m.waiting > 0
	m.mu.Unlock()
	switch {
	case s == nil:
	case !starving || !s.isQuiet():
		s.quiet = 0
	default:
		if s.quiet++; s.quiet >= checks {
			s.quiet = 0
			s.yield()
		}
	}
}

// take returns the next chunk. It takes the chunks of the current stream until its end. Then the turn of the
// stream with the longest queue begins. more is true while a stream is not at its end, even if no chunk is
// there yet.
func (m *Mixer) take() (chunk []byte, turn, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams = order.DeleteFunc(m.streams, func(s *Stream) bool { return s.done && len(s.queue) == 0 })
	if len(m.streams) == 0 {
		return nil, false, false
	}
	if s := m.current; s != nil && s.passes && s.last == 0 {
		m.current, s.passes = nil, false
	}
	if !slices.Contains(m.streams, m.current) {
		m.current, m.mayGoAhead = nil, false
		longest := slices.MaxFunc(m.streams, func(a, b *Stream) int { return len(a.queue) - len(b.queue) })
		if len(longest.queue) == 0 {
			return nil, false, true
		}
		m.current, turn = longest, true
	}
	s := m.current
	if len(s.queue) == 0 {
		return nil, turn, true
	}
	chunk = s.queue[0]
	s.queue = slices.Delete(s.queue, 0, 1)
	s.last--
	m.queued--
	m.space.Broadcast()
	return chunk, turn, true
}

// recycle keeps a chunk's memory for the next one.
func (m *Mixer) recycle(chunk []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.free) < maxQueued {
		m.free = append(m.free, chunk[:0])
	}
}

// yieldTurn lets the other streams go ahead if a stream has its turn.
func (m *Mixer) yieldTurn() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mayGoAhead = m.current != nil
	m.space.Broadcast()
}
