package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// The contexts of collectors end earlier than the context of their scrape, so that the samples that they send
// at the end, and their return, is still part of the scrape. They end earlier by a fraction of the scrape's
// time, but by no more than maxHeadStart.
const (
	maxHeadStart      = 100 * time.Millisecond
	headStartFraction = 10
)

// lastWait is how long a canceled scrape, which has no time left, goes on listening to collectors that can
// see their context.
const lastWait = 10 * time.Millisecond

// Scrape is what the collectors of one scrape have in common, in all engines.
type Scrape struct {
	ctx      context.Context //nolint:containedctx // It lives as long as the scrape.
	done     <-chan struct{} // Done channel of ctx
	began    time.Time
	deadline time.Time // deadline of the scrape; zero if it has none

	// runs is the context of collectors that get one of their own. It ends at runsEnd, if that is not zero,
	// or with ctx.
	runs    context.Context //nolint:containedctx // As above.
	runsEnd time.Time
	values  context.Context //nolint:containedctx // The values of ctx; it never ends.
	cancel  context.CancelFunc

	// timeAllowed is the whole time that the scrape has, or 0 if it has no deadline.
	timeAllowed time.Duration

	background bool // It is not a scrape, but an attempt to run a collector in the background.

	samples atomic.Int64 // samples that all engines have buffered for the scrape
	pace    time.Duration
}

// NewScrape begins a scrape that listens to its collectors until ctx is done. Their own contexts end a
// little before its deadline. The caller must call End.
func NewScrape(ctx context.Context) *Scrape {
	s := &Scrape{ctx: ctx, done: ctx.Done(), began: time.Now(), runs: ctx, cancel: func() {}, pace: pace.load()}
	if deadline, ok := ctx.Deadline(); ok {
		s.deadline = deadline
		s.timeAllowed = max(1, deadline.Sub(s.began))
		s.runsEnd = deadline.Add(-min(maxHeadStart, s.timeAllowed/headStartFraction))
		s.runs, s.cancel = context.WithDeadline(ctx, s.runsEnd)
	}
	s.values = context.WithoutCancel(ctx)
	return s
}

// limitOf returns how long a run of c that starts now may take: until the deadline of the scrape or the
// collector's own limit, whatever comes first. It returns 0 if there is no limit.
func (s *Scrape) limitOf(c *Collector, now time.Time) time.Duration {
	limit := c.Gate.limit()
	if s.deadline.IsZero() {
		return limit
	}
	left := max(0, s.deadline.Sub(now))
	if limit > 0 {
		return min(limit, left)
	}
	return left
}

// End releases the resources of the scrape.
func (s *Scrape) End() { s.cancel() }

// allowsEnough reports whether the scrape gives collectors enough time for a verdict on them.
func (s *Scrape) allowsEnough() bool { return s.timeAllowed == 0 || s.timeAllowed >= minTimeAllowed }

// endReason returns the error of the scrape's context, and whether the scrape ended because of its deadline
// rather than because it was canceled.
func (s *Scrape) endReason() (err error, deadline bool) { //nolint:revive // The error is what is asked for.
	if err = s.ctx.Err(); err == nil {
		return context.DeadlineExceeded, true // There is no time left to write more; see watch.
	}
	return err, errors.Is(err, context.DeadlineExceeded)
}
