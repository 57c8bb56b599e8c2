package native

import "time"

// LastReset returns when the histogram was last reset, or when it was created. That is its
// created timestamp.
func (l *Limiter) LastReset() time.Time { return l.lastReset }
