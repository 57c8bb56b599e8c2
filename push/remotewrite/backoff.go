package remotewrite

import (
	"math/rand/v2"
	"time"
)

// backoff says how long a target rests after a failure. The rests double from one failure to the
// next. They are random, so that the clients of a receiver that has restarted do not come
// back at the same moments.
type backoff struct {
	min, max time.Duration
	last     time.Duration // The longest that the last rest could be; 0 after a success.
}

// succeeded makes the next rest short.
func (b *backoff) succeeded() { b.last = 0 }

// failed returns how long to rest: at least as long as the receiver has asked for.
func (b *backoff) failed(retryAfter time.Duration) time.Duration {
	longest := b.max
	if last := max(b.last, b.min); last < b.max/2 {
		longest = 2 * last
	}
	b.last = longest
	shortest := min(max(b.min, longest/2), longest)
	return max(shortest+rand.N(longest-shortest+1), retryAfter)
}
