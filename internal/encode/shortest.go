package encode

import (
	"math"
	"math/bits"
)

// shortest returns the decimal n/10^decimals that has the fewest digits among all that read back as v
// and, among those with equally many digits, is the closest to v. n may have trailing zeros. v must be
// a fraction from 1e-4 to 2^53.
//
// Let v be c·2^q, where q is negative since v is a fraction, and let 10^-decimals be the largest power
// of ten that is not above 2^q. The numbers that read back as v are at most half of 2^q away from it.
// In units of 10^-decimals, these numbers form an interval of length one to ten: it contains a whole
// number, and at most one multiple of ten. That multiple, if it exists, has the fewest digits;
// otherwise the result is the whole number closest to v. The computation is exact, because c is below
// 2^53 and the power of five is below 2^47.
//
// Two problems of the general case do not occur here. Halfway between two floats, where it matters
// which of them is even, there is no whole number. And below a power of two the next float is closer,
// but the powers from 1e-4 on are multiples of ten themselves.
//
// Encoding gauges with such values takes 55 ns each, and 115 ns with strconv, which handles every
// float.
func shortest(v float64) (n uint64, decimals int) {
	const mantissaBits, bias = 52, 1023 + 52
	b := math.Float64bits(v)
	c := b&(1<<mantissaBits-1) | 1<<mantissaBits
	q := int(b>>mantissaBits) - bias
	decimals = (-q*1233 + 4095) >> 12 // -q times the decimal logarithm of 2, rounded up
	power := powersOf5[decimals]
	// From here on the unit is 2^-shift of 10^-decimals, in which 2^q is 2·power.
	shift := uint(1 - q - decimals)
	hi, lo := bits.Mul64(2*c, power)
	maxLo, carry := bits.Add64(lo, power, 0)
	maxHi := hi + carry
	minLo, borrow := bits.Sub64(lo, power, 0)
	minHi := hi - borrow

	n = (maxHi<<(64-shift) | maxLo>>shift) / 10 * 10
	if nHi, nLo := n>>(64-shift), n<<shift; nHi > minHi || nHi == minHi && nLo >= minLo {
		return n, decimals
	}
	n = hi<<(64-shift) | lo>>shift
	half := uint64(1) << (shift - 1)
	// Of two that are equally close, choose the even one.
	if rest := lo & (1<<shift - 1); rest > half || rest == half && n&1 == 1 {
		n++
	}
	return n, decimals
}

// few is [shortest] for numbers below 1e9 with at most six decimals. For other numbers, it returns 0
// decimals.
//
// Division rounds correctly, so if n/10^6 is v for a whole n of at most 15 digits, v is the float
// nearest to that decimal. No two decimals of at most 15 digits have the same nearest float, hence no
// other decimal is as short.
//
// Gauges with three decimals take 10 % less time with it, and others are not slower.
func few(v float64) (n uint64, decimals int) {
	if v >= 1e9 {
		return 0, 0
	}
	if n = uint64(int64(v*1e6 + 0.5)); float64(int64(n))/1e6 != v {
		return 0, 0
	}
	return n, 6
}

// powersOf5 are the powers that shortest needs: from 1e-4 on, q is at least -66.
var powersOf5 = func() (all [21]uint64) {
	power := uint64(1)
	for i := range all {
		all[i] = power
		power *= 5
	}
	return all
}()
