package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// The context of collectors ends earlier than that of their scrape, so that what they
// send when it ends, and their return, is still part of the scrape: by a fraction of
// the scrape's time, but no more than maxHeadStart.
const (
	maxHeadStart      = 100 * time.Millisecond
	headStartFraction = 10
)

// lastWords is how long a scrape that was cancelled, and so has no time left, goes on
// listening to collectors that can see their context.
const lastWords = 10 * time.Millisecond

// Scrape is what the collectors of one scrape have in common, whichever engines they
// belong to.
type Scrape struct {
	ctx      context.Context //nolint:containedctx // It lives as long as the scrape.
	done     <-chan struct{} // That of ctx.
	began    time.Time
	deadline time.Time // Of the scrape; zero if it has none.

	// runs is the context of collectors that get one of their own. It ends at
	// runsEnd, if that is not zero, or with ctx.
	runs    context.Context //nolint:containedctx // As above.
	runsEnd time.Time
	values  context.Context //nolint:containedctx // The values of ctx; it never ends.
	cancel  context.CancelFunc

	// patience is how much time the scrape has in all, 0 if it has no deadline.
	patience time.Duration

	background bool // It is none, but one attempt to run a collector in the background.

	samples atomic.Int64 // Samples that all engines have buffered for it.
	pace    time.Duration
}

// NewScrape begins a scrape that listens to its collectors until ctx is done. Their own
// contexts end a little before its deadline. The caller has to call End.
func NewScrape(ctx context.Context) *Scrape {
	s := &Scrape{ctx: ctx, done: ctx.Done(), began: time.Now(), runs: ctx, cancel: func() {}, pace: pace.load()}
	if deadline, ok := ctx.Deadline(); ok {
		s.deadline = deadline
		s.patience = max(1, deadline.Sub(s.began))
		s.runsEnd = deadline.Add(-min(maxHeadStart, s.patience/headStartFraction))
		s.runs, s.cancel = context.WithDeadline(ctx, s.runsEnd)
	}
	s.values = context.WithoutCancel(ctx)
	return s
}

// limitOf returns how long a run of c that starts now may take: until the deadline of the scrape
// that starts it, or the collector's own limit. It returns 0 if there is neither.
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

// End frees what the scrape holds.
func (s *Scrape) End() { s.cancel() }

// isPatient reports whether the scrape gives collectors enough time for a verdict on
// them.
func (s *Scrape) isPatient() bool { return s.patience == 0 || s.patience >= minPatience }

// why returns the error of the scrape's context, and whether its deadline has passed
// rather than that it was cancelled.
func (s *Scrape) why() (err error, deadline bool) { //nolint:revive // The error is what is asked for.
	if err = s.ctx.Err(); err == nil {
		return context.DeadlineExceeded, true // There is no time left to write more; see watch.
	}
	return err, errors.Is(err, context.DeadlineExceeded)
}
