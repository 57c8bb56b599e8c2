package callback

import (
	"context"
	"time"
)

const (
	// grace is how long a scrape that is over still waits for user functions, for all of them together. The
	// failures of a scrape that has timed out are logged after its deadline, and a function that does not
	// block only needs to be scheduled.
	grace = 100 * time.Millisecond
	// minWait is the least time that a call may take, so that a quick call does not count as blocked.
	minWait = 5 * time.Millisecond
)

// Allowance bounds how long one scrape waits for user functions: until the scrape is over, and for a short
// grace period after that. It must be used by one goroutine. A nil Allowance is unlimited.
type Allowance struct {
	over <-chan struct{} // closed when the scrape is over; nil if it has no end
	end  time.Time       // end of the grace period; zero until the scrape is found to be over
}

// NewAllowance returns the allowance of a scrape under ctx.
func NewAllowance(ctx context.Context) *Allowance { return &Allowance{over: ctx.Done()} }

func (a *Allowance) isUnlimited() bool { return a == nil || a.over == nil }

// await waits for done and reports whether it was closed in time. If limit is not positive, only the end of
// the scrape and the grace period limit the wait.
func (a *Allowance) await(done <-chan struct{}, limit time.Duration) bool {
	var tooLong <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		tooLong = timer.C
	}
	select {
	case <-done:
		return true
	case <-tooLong:
		return false
	case <-a.over:
	}
	if a.end.IsZero() {
		a.end = time.Now().Add(grace)
	}
	timer := time.NewTimer(max(time.Until(a.end), minWait))
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-tooLong:
	case <-timer.C:
	}
	return false
}
