package store

import "math"

// missingBits is the bit pattern of Missing: a signaling NaN, which no arithmetic returns. It differs
// from math.NaN and from the NaN with which Prometheus marks series as stale.
const missingBits = 0x7ff4_0000_0000_6d73

// Missing is the number of a series at a time when it did not exist. Only its bits distinguish it from
// other NaNs; see [IsMissing]. The store replaces a NaN with these bits that a program exposes by
// [math.NaN].
var Missing = math.Float64frombits(missingBits)

// IsMissing reports whether a number is [Missing].
func IsMissing(f float64) bool { return math.Float64bits(f) == missingBits }

// present returns f, or another NaN if f has the bits of Missing.
func present(f float64) float64 {
	if IsMissing(f) {
		return math.NaN()
	}
	return f
}
