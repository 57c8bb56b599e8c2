package encode

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// The formats write a float in the shortest way that reads back as the same one,
// with an exponent below 1e-4 and from 1e6 on: strconv's 'g' with precision -1.
// The functions here give the same bytes and are several times faster for the
// numbers that metrics mostly have: whole ones and those with few decimals.

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
	switch {
	case n < expFrom:
		d := eightDigits(uint64(n))
		begin := bits.TrailingZeros64(d|1<<56) / 8 // One digit stays.
		end := len(buf) + 8 - begin
		return binary.LittleEndian.AppendUint64(buf, (d|zeros)>>(8*begin))[:end]
	case n < 1e8:
		return appendMillions(buf, uint64(n))
	default:
		return appendDecimal(buf, uint64(n), 0)
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
		buf = binary.LittleEndian.AppendUint64(buf, d|zeros)[:end]
	}
	return binary.LittleEndian.AppendUint32(buf, 'e'|'+'<<8|'0'<<16|exp<<24)
}

// zeros turns eight digits into text.
const zeros = 0x30303030_30303030

// eightDigits returns the decimal digits of n, which is less than 10⁸, each in a byte:
// the first one in the lowest. All of them are made at once, by halving what each half
// stands for, and without a branch that depends on how many there are.
func eightDigits(n uint64) uint64 {
	// Two numbers of four digits, then four of two, then eight of one. The divisions by
	// 100 and 10 are multiplications whose results are exact for numbers that small.
	d := n/1e4 | n%1e4<<32
	q := d * 10486 >> 20 & 0x0000007F_0000007F
	d = q | (d-100*q)<<16
	q = d * 103 >> 10 & 0x000F000F_000F000F
	return q | (d-10*q)<<8
}

// digits are the decimal digits of a number, at the end.
type digits [20]byte

// put writes the digits of n and returns where they begin. It takes two at a time, as
// strconv does, whose functions however copy them once more and ask for the base.
func (d *digits) put(n uint64) (begin int) {
	i := len(d)
	for n >= 100 {
		rest := n % 100
		n /= 100
		i -= 2
		d[i], d[i+1] = pairs[2*rest], pairs[2*rest+1]
	}
	if n >= 10 {
		i -= 2
		d[i], d[i+1] = pairs[2*n], pairs[2*n+1]
		return i
	}
	i--
	d[i] = '0' + byte(n)
	return i
}

// pairs are the numbers from 00 to 99.
const pairs = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849" +
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// appendFraction appends v, which is not a whole number, or not an exact one.
//
// It tries whether v is n/10^6 or n/10^3 for a whole n of at most 15 digits.
// Division rounds correctly, so if the quotient is v, then v is the float nearest
// to that decimal. No two decimals of at most 15 digits have the same nearest
// float, hence there is no other that is as short.
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
	return strconv.AppendFloat(buf, v, 'g', -1, 64)
}

// appendDecimal appends n/10^decimals, which is at least 1e6 or has a fraction.
func appendDecimal(buf []byte, n uint64, decimals int) []byte {
	for n%10 == 0 {
		n /= 10
		decimals--
	}
	var all digits
	d := all[all.put(n):]
	point := len(d) - decimals // How many digits stand before the decimal point.
	switch {
	case point > 6:
		buf = append(buf, d[0])
		if len(d) > 1 {
			buf = append(buf, '.')
			buf = append(buf, d[1:]...)
		}
		exp := byte(point - 1)
		return append(buf, 'e', '+', '0'+exp/10, '0'+exp%10)
	case point > 0:
		buf = append(buf, d[:point]...)
		buf = append(buf, '.')
		return append(buf, d[point:]...)
	default:
		buf = append(buf, "0.0000"[:2-point]...)
		return append(buf, d...)
	}
}
