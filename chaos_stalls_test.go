package metric_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

const (
	stallLook  = 20 * time.Millisecond  // How often it is looked whether the machine stalls.
	shortStall = 250 * time.Millisecond // How late a look has to be to be called a stall.
)

// timingError is a failure that a machine without time can cause: an answer that is late, cut
// off, or not complete. A wrong answer is never one.
type timingError struct{ error }

func (e timingError) Unwrap() error { return e.error }

// stalls remembers when the machine had no time for a goroutine that was ready to run. Nothing
// that has a deadline can be in time then, whatever it does.
type stalls struct {
	last    atomic.Int64 // When the last one ended, in nanoseconds since the Unix epoch.
	excused atomic.Int64 // Failures that were not reported because of one.
}

// watch looks until ctx ends.
func (s *stalls) watch(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		time.Sleep(stallLook)
		if now := time.Now(); now.Sub(began) >= stallLook+shortStall {
			s.last.Store(now.UnixNano())
		}
	}
}

// excuse reports whether err is a matter of timing, and the machine has stalled since the request
// began, so that the failure says nothing.
func (s *stalls) excuse(t testing.TB, began time.Time, err error) bool {
	if _, ok := errors.AsType[timingError](err); !ok {
		return false
	}
	time.Sleep(2 * stallLook) // So that a stall which has just ended is known.
	if time.Unix(0, s.last.Load()).Before(began) {
		return false
	}
	if s.excused.Add(1) <= 3 {
		t.Logf("excused, since the machine has stalled: %.300v", err)
	}
	return true
}
