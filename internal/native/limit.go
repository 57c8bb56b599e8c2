package native

import "time"

// Remedy is the measure taken against too many buckets.
type Remedy uint8

// The remedies, in the order in which [Limiter.Apply] tries them.
const (
	// NoRemedy means that no remedy was needed, or that none was possible.
	NoRemedy Remedy = iota
	// FullReset emptied all buckets. The histogram must also reset all its other state, including the
	// start timestamp, and then observe the value that caused the reset again, so that it is not lost.
	FullReset
	// WiderZero moved the bucket closest to zero, or the two of them, to the zero bucket.
	WiderZero
	// WiderBuckets doubled the width of all buckets.
	WiderBuckets
)

// Limiter keeps the number of buckets of a histogram at Config.MaxBuckets. It takes one remedy at a
// time, so the number can exceed the limit for a while. It stays above the limit if no remedy is left.
//
// A Limiter is not safe for concurrent use. The caller of Apply or Reset must also have exclusive
// access to the Buckets of all stripes.
type Limiter struct {
	cfg            *Config
	lastReset      time.Time // creation time if there was no reset
	resetScheduled bool
}

// Init makes l the limiter of a new histogram.
func (l *Limiter) Init(cfg *Config, now time.Time) {
	*l = Limiter{cfg: cfg, lastReset: now}
}

// Apply checks whether the buckets of all stripes together exceed the limit, and takes one remedy if
// they do. A bucket that occurs in several stripes counts once. Apply must be called after an
// observation for which [Buckets.Observe] returned true.
//
// If resetIn is positive, the caller must call Reset after that time, so that zero threshold and
// resolution return to their initial values. Apply does not ask for another reset before that.
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

// ApplyN continues after Apply has taken a remedy other than FullReset, following n observations of the
// same value: it does what Apply would do after each of the remaining n-1.
func (l *Limiter) ApplyN(stripes []*Buckets, now time.Time, n uint64) {
	for ; n > 1 && stripes[0].unsettled; n-- {
		l.Apply(stripes, now)
	}
}

// Reset brings all stripes to their initial state.
func (l *Limiter) Reset(stripes []*Buckets, now time.Time) {
	for _, b := range stripes {
		b.Reset(l.cfg)
	}
	l.lastReset = now
	l.resetScheduled = false
}
