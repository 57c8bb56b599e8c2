package encode

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// The formats write a float in the shortest way that reads back as the same float, with an exponent
// below 1e-4 and from 1e6 on: strconv's 'g' with precision -1. The functions here produce the same
// bytes and are several times faster for the most common numbers: whole numbers, and fractions of a
// usual size.

const (
	maxExact    = 1 << 53 // from here on, not every whole number is a float
	expFrom     = 1e6     // from here on, numbers have an exponent
	smallestFix = 1e-4    // below, numbers have an exponent
)

// appendFloat appends v; a whole number has no decimal point.
func appendFloat(buf []byte, v float64) []byte {
	if n := int64(v); float64(n) == v && -maxExact < n && n < maxExact {
		return appendWhole(buf, n)
	}
	return appendFraction(buf, v)
}

// appendFloatWithPoint is appendFloat, but adds ".0" to numbers that have no decimal point and no
// exponent, as OpenMetrics demands.
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

// appendWhole appends n. A float must be able to hold n exactly.
func appendWhole(buf []byte, n int64) []byte {
	if n < 0 {
		buf = append(buf, '-')
		n = -n
	}
	switch {
	case n < expFrom:
		return appendSmall(buf, uint64(n))
	case n < 1e8:
		return appendMillions(buf, uint64(n))
	default:
		digits, zeros := trimZeros(uint64(n))
		return appendWithExponent(buf, digits, -zeros)
	}
}

// appendMillions appends n, which has seven or eight digits, in scientific notation.
func appendMillions(buf []byte, n uint64) []byte {
	exp := uint32('7')
	d := eightDigits(n)
	if n < 1e7 {
		exp = '6'
		d >>= 8
	}
	buf = append(buf, '0'+byte(d))
	if d >>= 8; d != 0 {
		buf = append(buf, '.')
		end := len(buf) + 8 - bits.LeadingZeros64(d)/8
		buf = binary.LittleEndian.AppendUint64(buf, d|zeroDigits)[:end]
	}
	return binary.LittleEndian.AppendUint32(buf, 'e'|'+'<<8|'0'<<16|exp<<24)
}

// appendFraction appends v. It is for numbers that are not whole, or so large that floats do not
// hold each whole number.
func appendFraction(buf []byte, v float64) []byte {
	abs := math.Abs(v)
	if !(abs >= smallestFix && abs < maxExact) {
		return strconv.AppendFloat(buf, v, 'g', -1, 64)
	}
	if v < 0 {
		buf = append(buf, '-')
	}
	n, decimals := few(abs)
	if decimals == 0 {
		n, decimals = shortest(abs)
	}
	n, zeros := trimZeros(n)
	decimals -= zeros
	if abs >= expFrom {
		return appendWithExponent(buf, n, decimals)
	}
	// A decimal on the other side of a whole number would read back as that number.
	whole := uint64(abs)
	if whole > 0 {
		n -= whole * powersOf10[decimals]
	}
	buf = appendSmall(buf, whole)
	buf = append(buf, '.')
	return appendDigits(buf, n, decimals)
}

// trimZeros removes the trailing zeros of n, which must not be zero, and returns their number.
func trimZeros(n uint64) (rest uint64, zeros int) {
	for n%10 == 0 {
		n /= 10
		zeros++
	}
	return n, zeros
}

// appendWithExponent appends n/10^decimals, which must be at least 1e6.
func appendWithExponent(buf []byte, n uint64, decimals int) []byte {
	// Put the first digit before the place of the others.
	count, at := countDigits(n), len(buf)
	buf = append(buf, ' ')
	buf = appendDigits(buf, n, count)
	buf[at] = buf[at+1]
	if count == 1 {
		buf = buf[:at+1]
	} else {
		buf[at+1] = '.'
	}
	exp := byte(count - decimals - 1)
	return append(buf, 'e', '+', '0'+exp/10, '0'+exp%10)
}
