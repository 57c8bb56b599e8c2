package callback

import (
	"context"
	"time"
)

const (
	// grace is how long a scrape that is over still waits for the program's functions, for
	// all of them together: the failures of a scrape that has timed out are logged after its
	// deadline, and a function that does not block only needs to be scheduled.
	grace = 100 * time.Millisecond
	// minWait is how long a call may take in any case, so that a quick one is not taken for
	// one that blocks.
	minWait = 5 * time.Millisecond
)

// Patience bounds how long one scrape waits for the functions of the program: until the
// scrape is over, and a short grace after that. It is used by one goroutine. A nil
// Patience is unlimited.
type Patience struct {
	over <-chan struct{} // Closed when the scrape is over; nil if it has no end.
	end  time.Time       // End of the grace; zero until the scrape is found to be over.
}

// NewPatience returns the patience of a scrape under ctx.
func NewPatience(ctx context.Context) *Patience { return &Patience{over: ctx.Done()} }

func (p *Patience) isUnlimited() bool { return p == nil || p.over == nil }

// await waits for done and reports whether it was closed in time. Without a positive limit,
// only the end of the scrape and the grace count.
func (p *Patience) await(done <-chan struct{}, limit time.Duration) bool {
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
	case <-p.over:
	}
	if p.end.IsZero() {
		p.end = time.Now().Add(grace)
	}
	timer := time.NewTimer(max(time.Until(p.end), minWait))
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-tooLong:
	case <-timer.C:
	}
	return false
}
