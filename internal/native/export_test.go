package native

import "time"

// LastReset returns the time of the last reset, or the creation time if there was none. It is the
// histogram's start timestamp.
func (l *Limiter) LastReset() time.Time { return l.lastReset }
