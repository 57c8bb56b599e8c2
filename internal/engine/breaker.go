package engine

import (
	"errors"
	"time"
)

// ErrBreakerOpen reports that a collector was not started because it has failed too
// often in a row, and rests.
var ErrBreakerOpen = errors.New("it has failed too often and rests (circuit breaker open)")

// BreakerState is the state of a Breaker.
type BreakerState int

// The states of a breaker.
const (
	BreakerClosed   BreakerState = iota // Runs are started.
	BreakerOpen                         // None is, until the cool-down is over.
	BreakerHalfOpen                     // The next run, or the one under way, decides.
)

// Breaker stops starting a collector that keeps failing. After a number of failures in
// a row it is open for a cool-down; then one run is a probe, whose success closes it
// and whose failure opens it again. What is neither, because the client has gone away
// before the end, or had less patience than others, leaves everything as it was.
//
// A library would bring a lock of its own and no such neutral end. The engine's mutex
// guards this one.
type Breaker struct {
	limit    int
	cooldown time.Duration

	longest [2]time.Duration // The longest patience in the last period, and in this one.
	period  time.Time        // When this one began.

	failures int       // In a row.
	until    time.Time // End of the cool-down. Zero if the breaker is closed.
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

// report adds to an account how things are now.
func (b *Breaker) report(s *Stats, now time.Time) {
	s.Breaker, s.BreakerTrips = b.state(now), b.trips
}

// refuses reports whether a run must not be started now.
func (b *Breaker) refuses(now time.Time) bool {
	state := b.state(now)
	return state == BreakerOpen || state == BreakerHalfOpen && b.probing
}

// started tells that a run is started, which is the probe if the breaker is half-open.
func (b *Breaker) started(now time.Time) { b.probing = b.state(now) == BreakerHalfOpen }

// judge tells what the end of a run says.
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

// gaveUp tells that the end of a run says nothing.
func (b *Breaker) gaveUp() { b.probing = false }

// memorable is how long a breaker remembers how patient scrapes are, at least. More than
// maxMemorable is taken for that much: a request that announces a day must not switch a
// breaker off.
const (
	memorable    = 10 * time.Minute
	maxMemorable = 15 * time.Second
)

// meet tells how patient a scrape is.
func (b *Breaker) meet(patience time.Duration, now time.Time) {
	if now.Sub(b.period) >= memorable {
		b.longest[0], b.longest[1], b.period = b.longest[1], 0, now
	}
	b.longest[1] = max(b.longest[1], min(patience, maxMemorable))
}

// isFair reports whether a run that was ended after this time has had enough of it to
// be called a failure: at least half of what the most patient scrape would have given.
// Anybody who can send a request can announce a timeout that no run can keep.
func (b *Breaker) isFair(given time.Duration) bool {
	return given >= minPatience && given >= max(b.longest[0], b.longest[1])/2
}
