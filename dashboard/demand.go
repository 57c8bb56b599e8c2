package dashboard

import (
	"context"
	"fmt"
	"time"
)

// recent returns a moment with a sample from the last two intervals. While another sample is being
// gathered, the sample may be older by the time that takes: a search must not wait for a slow collector
// at each key.
func (s *sampler) recent(ctx context.Context) (moment, error) {
	return s.await(ctx, time.Now().Add(-2*s.interval), func() bool {
		age := time.Since(s.now.ended)
		return age <= 2*s.interval || s.gathering != nil && s.now.latest != nil && age <= 2*s.interval+s.timeout
	})
}

// fresh returns a moment with a sample that begins now, or that a concurrent request begins.
func (s *sampler) fresh(ctx context.Context) (moment, error) {
	now := time.Now()
	return s.await(ctx, now, func() bool { return !s.now.began.Before(now) })
}

// await returns a moment for which willDo returns true. If necessary, it has a sample taken that does
// not begin before from. All waiting requests get the same sample. await returns an error if the
// dashboard is closed or ctx is done, and a moment without a sample if gathering failed. It holds the
// mutex while it calls willDo.
func (s *sampler) await(ctx context.Context, from time.Time, willDo func() bool) (moment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting++
	defer func() {
		s.waiting--
		s.watched = time.Now()
	}()
	for {
		if s.ctx.Err() != nil {
			return moment{}, errClosed
		}
		if willDo() {
			s.begin()
			return s.now, nil
		}
		if s.asked.Before(from) {
			s.asked = from
		}
		s.begin()
		if err := s.awaitGathering(ctx); err != nil {
			return moment{}, err
		}
	}
}

// awaitGathering waits for the end of a gathering. The caller holds the mutex; awaitGathering releases it
// while it waits.
func (s *sampler) awaitGathering(ctx context.Context) error {
	gathered := s.gathered
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-gathered:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the sample was not ready in time: %w", ctx.Err())
	case <-s.ctx.Done():
		return errClosed
	}
}
