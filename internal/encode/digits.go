package encode

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unsafe"
)

// smallLine is how a line with a number below 1000 ends.
type smallLine struct {
	text [4]byte // The digits and a newline.
	len  uint8   // Of both together.
}

// smallLines are the ends of lines for the numbers from 0 to 999, as most counts are.
// With them, 10,000 histograms took 2,520 instructions each instead of 2,870.
var smallLines = func() (all [1000]smallLine) {
	for i := range all {
		text := strconv.AppendInt(all[i].text[:0], int64(i), 10)
		all[i].len = uint8(len(append(text, '\n')))
	}
	return all
}()

// append appends the number and the newline.
func (l *smallLine) append(buf []byte) []byte {
	end := len(buf) + int(l.len)
	return append(buf, l.text[:]...)[:end]
}

// put writes the number and the newline, and perhaps something behind them, in four bytes. It
// returns the length of the two.
func (l *smallLine) put(to unsafe.Pointer) int {
	*(*[len(l.text)]byte)(to) = l.text
	return int(l.len)
}

// putSmallLine is smallLine.put for an n of 1000 or more and below expFrom, in eight bytes.
func putSmallLine(to unsafe.Pointer, n uint64) int {
	d := eightDigits(n)
	begin := bits.TrailingZeros64(d) / 8
	binary.LittleEndian.PutUint64((*[8]byte)(to)[:], (d|zeroDigits)>>(8*begin))
	*(*byte)(unsafe.Add(to, 8-begin)) = '\n'
	return 9 - begin
}

// appendSmall appends n, which is below expFrom.
func appendSmall(buf []byte, n uint64) []byte {
	if n < 1000 {
		buf = smallLines[n].append(buf)
		return buf[:len(buf)-1]
	}
	d := eightDigits(n)
	begin := bits.TrailingZeros64(d) / 8
	end := len(buf) + 8 - begin
	return binary.LittleEndian.AppendUint64(buf, (d|zeroDigits)>>(8*begin))[:end]
}

// appendDigits appends the last count digits of n, at most 24, with zeros in front.
func appendDigits(buf []byte, n uint64, count int) []byte {
	if count > 16 {
		first := n / 1e16
		n -= first * 1e16
		buf = appendEight(buf, first, count-16)
		count = 16
	}
	if count > 8 {
		first := n / 1e8
		n -= first * 1e8
		buf = appendEight(buf, first, count-8)
		count = 8
	}
	return appendEight(buf, n, count)
}

// appendEight is appendDigits for at most eight digits, of a number that has no more.
func appendEight(buf []byte, n uint64, count int) []byte {
	end := len(buf) + count
	return binary.LittleEndian.AppendUint64(buf, (eightDigits(n)|zeroDigits)>>((64-8*uint(count))&63))[:end]
}

// zeroDigits turns eight digits into text.
const zeroDigits = 0x30303030_30303030

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

// powersOf10 are those that a uint64 holds.
var powersOf10 = func() (all [20]uint64) {
	power := uint64(1)
	for i := range all {
		all[i] = power
		power *= 10
	}
	return all
}()

// countDigits returns how many digits n has.
func countDigits(n uint64) int {
	count := bits.Len64(n) * 1233 >> 12 // About 0.301, the logarithm of 2.
	if n >= powersOf10[count] {
		count++
	}
	return max(count, 1)
}
