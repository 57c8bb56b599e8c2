package parse

import (
	"math"
	"strconv"
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// powersOf10 are the powers of ten that are exact as a float64.
var powersOf10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// maxExact is the smallest number above which not all whole numbers are exact as floats.
const maxExact = 1 << 53

// leadingFloat reads the number at the beginning of s, up to a blank, a tab or a line feed. s must contain
// one of these. end is the index of that byte. ok is false if the text is not a number or is beyond the range
// of a float64.
//
// A decimal with few digits is the quotient or product of two exact floats. The result is rounded only
// once, so it is the same as with [strconv.ParseFloat]. Most numbers in expositions are of this kind.
func leadingFloat(s string) (v float64, end int, ok bool) {
	var (
		i        int
		negative bool
		digits   uint64
		count    int // number of digits without leading zeros
		decimals int
	)
	if s[0] == '-' || s[0] == '+' {
		negative = s[0] == '-'
		i++
	}
	start := i
	for ; s[i]-'0' <= 9; i++ {
		digits = digits*10 + uint64(s[i]-'0')
	}
	count = i - start
	if s[i] == '.' {
		i++
		point := i
		for ; s[i]-'0' <= 9; i++ {
			digits = digits*10 + uint64(s[i]-'0')
		}
		decimals = i - point
		count += decimals
	}
	if count == 0 || count > 19 {
		return anyFloat(s)
	}
	exp := -decimals
	if s[i]|0x20 == 'e' {
		var e int
		if e, i, ok = exponent(s, i+1); !ok {
			return anyFloat(s)
		}
		exp += e
	}
	if !isEnd(s[i]) || digits > maxExact || exp < -22 || exp > 22 {
		return anyFloat(s)
	}
	v = float64(digits)
	if exp < 0 {
		v /= powersOf10[-exp]
	} else {
		v *= powersOf10[exp]
	}
	if negative {
		v = -v
	}
	return v, i, true
}

// exponent reads a number of at most three digits.
func exponent(s string, i int) (e, end int, ok bool) {
	negative := s[i] == '-'
	if negative || s[i] == '+' {
		i++
	}
	start := i
	for ; s[i]-'0' <= 9 && i < start+3; i++ {
		e = e*10 + int(s[i]-'0')
	}
	if negative {
		e = -e
	}
	return e, i, i > start
}

// anyFloat is [leadingFloat] for all numbers.
func anyFloat(s string) (v float64, end int, ok bool) {
	end = strings.IndexAny(s, " \t\n")
	v, ok = parseFloat(s[:end])
	return v, end, ok
}

func isEnd(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// parseFloat is [strconv.ParseFloat] without the syntax that is specific to Go: hexadecimal numbers,
// and underscores between digits.
func parseFloat(s string) (v float64, ok bool) {
	if len(s) == 3 && s[0] == 'N' && s[1] == 'a' && s[2] == 'N' {
		return math.NaN(), true
	}
	if strings.ContainsAny(s, "xXpP_") {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// instantOf converts s[:size], a number of seconds since the Unix epoch, to an Instant with nanosecond
// precision. A float would lose that precision. The time is unknown if it is before 1970 or does not fit in
// an Instant. s must be longer than size.
func instantOf(s string, size int) model.Instant {
	const nanoDigits = 9
	var (
		digits  uint64
		exp     = nanoDigits // decimal exponent of the nanoseconds in digits
		decimal = false
		i       = 0
	)
	if s[0] == '+' {
		i++
	}
	for ; i < size; i++ {
		switch c := s[i]; {
		case c == '.' && !decimal:
			decimal = true
		case c-'0' > 9:
			e, end, ok := exponent(s, i+1)
			if c|0x20 != 'e' || !ok || end != size {
				return model.Instant{}
			}
			exp += e
			i = end
		case digits > math.MaxInt64/10-1 && !decimal:
			exp++
		case digits > math.MaxInt64/10-1:
		default:
			digits = digits*10 + uint64(c-'0')
			if decimal {
				exp--
			}
		}
	}
	for ; exp > 0 && digits > 0; exp-- {
		if digits > math.MaxInt64/10 {
			return model.Instant{}
		}
		digits *= 10
	}
	for ; exp < 0 && digits > 0; exp++ {
		digits /= 10
	}
	return model.Instant{Nanos: int64(digits), Valid: true}
}
