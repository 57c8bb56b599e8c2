package store

import (
	"math"
	"math/bits"
)

// The numbers of a column are written as operations of one to nine bytes. The upper bits of the first
// byte select the operation:
//
//	00nnnttt  the last number XOR the nnn+1 bytes that follow, the lowest first, shifted left by ttt bytes
//	01dddddd  the last number plus dddddd-32
//	10kkkkkk  the last number again, as many times as k says; see runOf
//	11kkkkkk  no number, as many times as k says
//
// The number before the first one is 0. A counter that moves by a few units takes one byte per tick. Most
// other numbers take two to five.
const (
	opXor    = 0x00
	opDelta  = 0x40
	opRepeat = 0x80
	opGap    = 0xC0

	operand   = 0x3F // bits of the first byte that hold the operand
	deltaBias = 32
)

// runCode returns the code of the longest run that is not longer than n, and the length of that run. n must
// be positive. Any n is a sum of a few runs: each length up to 32 has a code; longer runs are powers of two.
func runCode(n int) (code byte, length int) {
	if n <= 32 {
		return byte(n - 1), n
	}
	exponent := min(bits.Len(uint(n))-1, maxRunExponent)
	return byte(27 + exponent), 1 << exponent
}

const maxRunExponent = 30

// runOf returns the length of a run from its code.
func runOf(code byte) int {
	if code < 32 {
		return int(code) + 1
	}
	return 1 << min(int(code)-27, maxRunExponent)
}

// appendRun appends n repetitions, of opRepeat or opGap.
func appendRun(buf []byte, op byte, n int) []byte {
	for n > 0 {
		code, length := runCode(n)
		buf = append(buf, op|code)
		n -= length
	}
	return buf
}

// appendChange appends the operation that turns last into next. Both are the bits of numbers, and must
// differ.
func appendChange(buf []byte, last, next uint64) []byte {
	from, to := math.Float64frombits(last), math.Float64frombits(next)
	if d := to - from; d >= -deltaBias && d < operand+1-deltaBias && d == math.Trunc(d) &&
		math.Float64bits(from+d) == next {
		return append(buf, opDelta|byte(int(d)+deltaBias))
	}
	x := last ^ next
	trailing := bits.TrailingZeros64(x) / 8
	length := 8 - bits.LeadingZeros64(x)/8 - trailing
	buf = append(buf, opXor|byte(length-1)<<3|byte(trailing))
	for x >>= 8 * trailing; length > 0; length-- {
		buf = append(buf, byte(x))
		x >>= 8
	}
	return buf
}

// decode writes the numbers of a column, from index skip on, to out. It writes Missing where the column has
// no number. It accepts any data and stops at a truncated operation.
func decode(data []byte, skip int, out []float64) {
	var (
		last uint64
		next = -skip // index in out of the next number 24t the operand's bits in the first byte
	)
	for len(data) > 0 && next < len(out) {
		op := data[0]
		data = data[1:]
		value, n := last, 1
		switch op & opGap {
		case opGap:
			value, n = missingBits, runOf(op&operand)
		case opRepeat:
			n = runOf(op & operand)
		case opDelta:
			last = math.Float64bits(math.Float64frombits(last) + float64(int(op&operand)-deltaBias))
			value = last
		default:
			length := int(op>>3) + 1
			if length > len(data) {
				data, n = nil, 0
				break
			}
			x := uint64(0)
			for i := length - 1; i >= 0; i-- {
				x = x<<8 | uint64(data[i])
			}
			data = data[length:]
			last ^= x << (8 * (op & 7))
			value = last
		}
		if n == 1 && next >= 0 {
			out[next] = math.Float64frombits(value)
			next++
			continue
		}
		end := min(next+n, len(out))
		for i := max(next, 0); i < end; i++ {
			out[i] = math.Float64frombits(value)
		}
		next += n
	}
	fillMissing(out[min(max(next, 0), len(out)):])
}

func fillMissing(numbers []float64) {
	for i := range numbers {
		numbers[i] = Missing
	}
}
