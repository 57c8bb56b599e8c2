package remotewrite

import (
	"math/rand/v2"
	"time"
)

// backoff computes how long a target rests after a failure. The rests double from one failure to the next.
// They are random, so that clients do not all come back at the same moment after their receiver has
// restarted.
type backoff struct {
	min, max time.Duration
	last     time.Duration // upper limit of the last rest; 0 after a success
}

// succeeded resets the rest to its minimum.
func (b *backoff) succeeded() { b.last = 0 }

// failed returns how long to rest. This is at least retryAfter, the time that the receiver has asked for.
func (b *backoff) failed(retryAfter time.Duration) time.Duration {
	longest := b.max
	if last := max(b.last, b.min); last < b.max/2 {
		longest = 2 * last
	}
	b.last = longest
	shortest := min(max(b.min, longest/2), longest)
	return max(shortest+rand.N(longest-shortest+1), retryAfter)
}
