package store

import "math"

// missingBits is the pattern of Missing: a signalling NaN, which no arithmetic yields. It differs from
// math.NaN and from the NaN with which Prometheus marks series as stale.
const missingBits = 0x7ff4_0000_0000_6d73

// Missing is the number of a series at a time when it was not there. Only its bits tell it from other
// NaNs; see [IsMissing]. A program that exposes a NaN with exactly these bits has it stored as [math.NaN].
var Missing = math.Float64frombits(missingBits)

// IsMissing reports whether a number is [Missing].
func IsMissing(f float64) bool { return math.Float64bits(f) == missingBits }

// present returns f, or another NaN if f cannot be told from Missing.
func present(f float64) float64 {
	if IsMissing(f) {
		return math.NaN()
	}
	return f
}
