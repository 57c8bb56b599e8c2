package engine

import (
	"errors"
	"time"
)

// ErrBreakerOpen reports that a collector was not started because it has failed too often in a row and its
// circuit breaker is open.
var ErrBreakerOpen = errors.New("it has failed too often and rests (circuit breaker open)")

// BreakerState is the state of a [Breaker].
type BreakerState int

// The states of a breaker.
const (
	BreakerClosed   BreakerState = iota // Runs are started.
	BreakerOpen                         // No run is started until the cool-down is over.
	BreakerHalfOpen                     // The next run, or the one under way, decides.
)

// Breaker stops starting a collector that keeps failing. After a number of failures in a row, the breaker
// is open for a cool-down. Then one run is a probe: its success closes the breaker and its failure opens it
// again. A run that neither succeeds nor fails changes nothing. That happens if the client goes away before
// the end, or if the scrape allowed much less time than other scrapes do.
//
// A library would bring a lock of its own and would have no such neutral result. The engine's mutex guards
// this breaker.
type Breaker struct {
	limit    int
	cooldown time.Duration

	longest [2]time.Duration // longest time that a scrape allowed, in the last period and in this one
	period  time.Time        // start of this period

	failures int       // failures in a row
	until    time.Time // end of the cool-down; zero if the breaker is closed
	probing  bool
	trips    uint64
}

// NewBreaker returns a closed breaker.
func NewBreaker(failures int, cooldown time.Duration) *Breaker {
	return &Breaker{limit: failures, cooldown: cooldown}
}

func (b *Breaker) state(now time.Time) BreakerState {
	switch {
	case b.until.IsZero():
		return BreakerClosed
	case now.Before(b.until):
		return BreakerOpen
	default:
		return BreakerHalfOpen
	}
}

// report adds the breaker's present state to s.
func (b *Breaker) report(s *Stats, now time.Time) {
	s.Breaker, s.BreakerTrips = b.state(now), b.trips
}

// refuses reports whether a run must not be started now.
func (b *Breaker) refuses(now time.Time) bool {
	state := b.state(now)
	return state == BreakerOpen || state == BreakerHalfOpen && b.probing
}

// started records that a run is started. If the breaker is half-open, that run is the probe.
func (b *Breaker) started(now time.Time) { b.probing = b.state(now) == BreakerHalfOpen }

// judge applies the verdict on a run.
func (b *Breaker) judge(v verdict, now time.Time) {
	switch v {
	case isGood:
		b.succeeded()
	case isBad:
		b.failed(now)
	default:
		b.gaveUp()
	}
}

func (b *Breaker) succeeded() {
	b.failures, b.until, b.probing = 0, time.Time{}, false
}

func (b *Breaker) failed(now time.Time) {
	b.failures++
	if b.probing || b.failures >= b.limit {
		b.trips++
		b.until = now.Add(b.cooldown)
	}
	b.probing = false
}

// gaveUp records that a run ended without a verdict.
func (b *Breaker) gaveUp() { b.probing = false }

// A breaker remembers for at least rememberAtLeast how much time scrapes allow. Times above maxRemembered
// count as maxRemembered: a request that announces a timeout of a day must not disable a breaker.
const (
	rememberAtLeast = 10 * time.Minute
	maxRemembered   = 15 * time.Second
)

// noteTimeAllowed records how much time a scrape allows.
func (b *Breaker) noteTimeAllowed(timeAllowed time.Duration, now time.Time) {
	if now.Sub(b.period) >= rememberAtLeast {
		b.longest[0], b.longest[1], b.period = b.longest[1], 0, now
	}
	b.longest[1] = max(b.longest[1], min(timeAllowed, maxRemembered))
}

// isFair reports whether a run that was ended after the given time had enough of it to count as a failure:
// at least half of the longest time that a scrape has allowed lately. Otherwise any client could trip the
// breaker by announcing a timeout that no run can keep.
func (b *Breaker) isFair(given time.Duration) bool {
	return given >= minTimeAllowed && given >= max(b.longest[0], b.longest[1])/2
}
