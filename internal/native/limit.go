package native

import "time"

// Remedy is what was done about too many buckets.
type Remedy uint8

// The remedies, in the order in which they are tried.
const (
	// NoRemedy was needed, or none was possible.
	NoRemedy Remedy = iota
	// FullReset emptied all buckets. The histogram has to reset all its other
	// state too, including the created timestamp, and then to observe the value
	// that led to this again, so that it is not lost.
	FullReset
	// WiderZero moved the bucket closest to zero, or the two of them, to the zero
	// bucket.
	WiderZero
	// WiderBuckets doubled the width of all buckets.
	WiderBuckets
)

// Limiter keeps the number of buckets of a histogram at Config.MaxBuckets. It
// takes one remedy at a time, so the number can exceed the limit for a while; and
// it stays above where no remedy is left.
//
// It is not safe for concurrent use, and whoever calls Apply or Reset has to own
// the Buckets of all stripes, too.
type Limiter struct {
	cfg            *Config
	lastReset      time.Time // The time of creation if there was no reset.
	resetScheduled bool
}

// Init makes l the limiter of a histogram that is created now.
func (l *Limiter) Init(cfg *Config, now time.Time) {
	*l = Limiter{cfg: cfg, lastReset: now}
}

// Apply checks whether the buckets of all stripes together, a bucket that occurs
// in several stripes being one, are more than the limit. If so, it takes one
// remedy. It has to be called after an observation for which Buckets.Observe
// returned true.
//
// If resetIn is positive, then the caller has to call Reset when that time has
// passed, so that zero threshold and resolution return to what they were. No
// other reset is asked for before that has happened.
func (l *Limiter) Apply(stripes []*Buckets, now time.Time) (remedy Remedy, resetIn time.Duration) {
	if l.cfg.MaxBuckets == 0 {
		return NoRemedy, 0
	}
	conform(stripes)
	if !exceeds(stripes, uint64(l.cfg.MaxBuckets)) {
		setUnsettled(stripes, false)
		return NoRemedy, 0
	}
	if l.cfg.MinReset != 0 && !l.resetScheduled {
		resetIn = l.cfg.MinReset - now.Sub(l.lastReset)
		if resetIn <= 0 {
			l.Reset(stripes, now)
			return FullReset, 0
		}
		l.resetScheduled = true
	}
	switch {
	case widenZero(stripes, l.cfg.MaxZeroThreshold):
		remedy = WiderZero
	case widenBuckets(stripes):
		remedy = WiderBuckets
	}
	setUnsettled(stripes, remedy != NoRemedy)
	return remedy, resetIn
}

// ApplyN goes on where Apply has taken a remedy other than FullReset, after an observation of n
// times the same value: it does what Apply would do after each of the n-1 that are left.
func (l *Limiter) ApplyN(stripes []*Buckets, now time.Time, n uint64) {
	for ; n > 1 && stripes[0].unsettled; n-- {
		l.Apply(stripes, now)
	}
}

// Reset brings all stripes to the initial state.
func (l *Limiter) Reset(stripes []*Buckets, now time.Time) {
	for _, b := range stripes {
		b.Reset(l.cfg)
	}
	l.lastReset = now
	l.resetScheduled = false
}
