package encode

import (
	"math"
	"strconv"
)

// The formats write a float in the shortest way that reads back as the same one,
// with an exponent below 1e-4 and from 1e6 on: strconv's 'g' with precision -1.
// The functions here give the same bytes and are several times faster for the
// numbers that metrics mostly have: whole ones, those with few decimals, and twice as
// fast for other fractions of a usual size.

const (
	maxExact    = 1 << 53 // From here on not every whole number is a float.
	expFrom     = 1e6     // From here on numbers have an exponent.
	smallestFix = 1e-4    // Below, too.
)

// appendFloat appends v; a whole number has no decimal point.
func appendFloat(buf []byte, v float64) []byte {
	if n := int64(v); float64(n) == v && -maxExact < n && n < maxExact {
		return appendWhole(buf, n)
	}
	return appendFraction(buf, v)
}

// appendFloatWithPoint is appendFloat with ".0" behind what has neither a decimal
// point nor an exponent, as OpenMetrics demands.
func appendFloatWithPoint(buf []byte, v float64) []byte {
	if n := int64(v); float64(n) == v && -maxExact < n && n < maxExact {
		buf = appendWhole(buf, n)
		if -expFrom < v && v < expFrom {
			buf = append(buf, '.', '0')
		}
		return buf
	}
	return appendFraction(buf, v)
}

// appendWhole appends the float n, which is exact.
func appendWhole(buf []byte, n int64) []byte {
	if n < 0 {
		buf = append(buf, '-')
		n = -n
	}
	if n < expFrom {
		return appendSmall(buf, uint64(n))
	}
	return appendDecimal(buf, uint64(n), 0)
}

// appendFraction appends v, which is not a whole number, or not an exact one.
//
// It tries whether v is n/10^6 or n/10^3 for a whole n of at most 15 digits.
// Division rounds correctly, so if the quotient is v, then v is the float nearest
// to that decimal. No two decimals of at most 15 digits have the same nearest
// float, hence there is no other that is as short. Most other fractions are for shortest.
func appendFraction(buf []byte, v float64) []byte {
	abs := math.Abs(v)
	if abs >= smallestFix && abs < 1e12 {
		scale, decimals := 1e6, 6
		if abs >= 1e9 {
			scale, decimals = 1e3, 3
		}
		if n := int64(abs*scale + 0.5); float64(n)/scale == abs {
			if v < 0 {
				buf = append(buf, '-')
			}
			return appendDecimal(buf, uint64(n), decimals)
		}
	}
	if abs >= smallestFix && abs < maxExact {
		if n, decimals := shortest(abs); decimals > 0 {
			if v < 0 {
				buf = append(buf, '-')
			}
			return appendDecimal(buf, n, decimals)
		}
	}
	return strconv.AppendFloat(buf, v, 'g', -1, 64)
}

// appendDecimal appends n/10^decimals, which is at least 1e6 or has a fraction.
func appendDecimal(buf []byte, n uint64, decimals int) []byte {
	for n%10 == 0 {
		n /= 10
		decimals--
	}
	count := countDigits(n)
	point := count - decimals // How many digits stand before the decimal point.
	if point > 6 {
		// The first digit goes before the place of the others.
		at := len(buf)
		buf = append(buf, ' ')
		buf = appendDigits(buf, n, count)
		buf[at] = buf[at+1]
		if count == 1 {
			buf = buf[:at+1]
		} else {
			buf[at+1] = '.'
		}
		exp := byte(point - 1)
		return append(buf, 'e', '+', '0'+exp/10, '0'+exp%10)
	}
	whole := uint64(0)
	if point > 0 {
		whole = n / powersOf10[decimals]
		n -= whole * powersOf10[decimals]
	}
	buf = appendSmall(buf, whole)
	buf = append(buf, '.')
	return appendDigits(buf, n, decimals)
}
