package dashboard

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
	"github.com/luxfi/metric/dashboard/internal/timed"
	"github.com/luxfi/metric/internal/engine"
)

// maxSampling is how many samples' costs the dashboard remembers.
const maxSampling = 450

// gather takes a sample now.
func (s *sampler) gather(ctx context.Context, began time.Time) {
	snapshot, busy, err := s.sample(ctx, s.timeOf(began))
	took := time.Since(began)
	canceled := errors.Is(ctx.Err(), context.Canceled)
	text := s.tracker.texts.line(err)
	s.observe()
	s.publish(func(now *moment) {
		s.gathering()
		s.gathering = nil
		if canceled {
			s.ticked = time.Time{} // The sampler takes the next sample immediately.
		} else {
			now.began, now.ended = began, time.Now()
			now.take(snapshot, took, busy, text, s.interval)
			s.account(snapshot, took, busy)
		}
		close(s.gathered)
		s.gathered = make(chan struct{})
	})
	s.nudge()
}

// account records the cost of a snapshot, and the snapshot if it is the first one. The caller holds the
// mutex.
func (s *sampler) account(snapshot *store.Snapshot, took, busy time.Duration) {
	if snapshot == nil {
		return
	}
	if s.start == nil {
		s.start = snapshot
	}
	if len(s.sampling) == maxSampling {
		s.sampling = slices.Delete(s.sampling, 0, 1)
	}
	s.sampling = append(s.sampling, api.Sampling{
		T: snapshot.At.UnixMilli(), TookMs: milliseconds(took), BusyMs: milliseconds(busy), Series: snapshot.Series,
	})
}

// take adds the outcome of a gathering.
func (m *moment) take(snapshot *store.Snapshot, took, busy time.Duration, err string, interval time.Duration) {
	m.tick.TookMs, m.tick.BusyMs, m.tick.Error = milliseconds(took), milliseconds(busy), err
	if snapshot == nil {
		return
	}
	m.tick.T = snapshot.At.UnixMilli()
	m.tick.Families, m.tick.Series = len(snapshot.Families), snapshot.Series
	// Rates over a shorter time would be noise.
	if m.latest != nil && (m.before == nil || snapshot.At.Sub(m.latest.At) >= interval/2) {
		m.before = m.latest
	}
	m.latest = snapshot
}

// sample gathers into the store. It returns the time that the sample took after everything had been
// collected. It returns no snapshot if nothing could be gathered or ctx was canceled.
func (s *sampler) sample(ctx context.Context, at time.Time) (snapshot *store.Snapshot, busy time.Duration, err error) {
	err = engine.Try(func() (err error) {
		round := s.store.Begin(at)
		defer func() {
			if snapshot == nil {
				round.Discard()
			}
		}()
		sink := &timed.Sink{Sink: round}
		err = s.source.WriteTo(ctx, sink)
		if errors.Is(ctx.Err(), context.Canceled) || err != nil && sink.Began.IsZero() {
			return err
		}
		snapshot = round.Commit()
		if !sink.Began.IsZero() {
			busy = time.Since(sink.Began)
		}
		return err
	})
	return snapshot, busy, err
}

// maxBack is how far the clock may be set back while the times of samples still ascend.
const maxBack = time.Second

// timeOf returns the time of a sample that begins now, truncated to milliseconds, the page's resolution. It
// is later than the time of the previous sample. If the clock was set back further, the past is forgotten.
func (s *sampler) timeOf(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := time.UnixMilli(now.UnixMilli())
	if s.now.latest == nil || at.After(s.now.latest.At) {
		return at
	}
	if s.now.latest.At.Sub(at) < maxBack {
		return s.now.latest.At.Add(time.Millisecond)
	}
	s.forget()
	return at
}
