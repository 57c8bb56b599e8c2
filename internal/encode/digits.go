package encode

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unsafe"
)

// smallLine is the end of a line with a number below 1000.
type smallLine struct {
	text [4]byte // the digits and a newline
	len  uint8   // length of digits and newline
}

// smallLines are the ends of lines for the numbers from 0 to 999. Most counts are among them. With
// them, 10,000 histograms took 2,520 instructions each instead of 2,870.
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

// put writes the number and the newline, padded with arbitrary bytes to four bytes. It returns the
// length without padding.
func (l *smallLine) put(to unsafe.Pointer) int {
	*(*[len(l.text)]byte)(to) = l.text
	return int(l.len)
}

// putSmallLine is like smallLine.put, but for 1000 <= n < expFrom, and writes eight bytes.
func putSmallLine(to unsafe.Pointer, n uint64) int {
	d := eightDigits(n)
	begin := bits.TrailingZeros64(d) / 8
	binary.LittleEndian.PutUint64((*[8]byte)(to)[:], (d|zeroDigits)>>(8*begin))
	*(*byte)(unsafe.Add(to, 8-begin)) = '\n'
	return 9 - begin
}

// appendSmall appends n, which must be below expFrom.
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

// appendDigits appends the last count digits of n, at most 24, with leading zeros.
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

// appendEight is appendDigits for a number of at most eight digits, and a count of at most eight.
func appendEight(buf []byte, n uint64, count int) []byte {
	end := len(buf) + count
	return binary.LittleEndian.AppendUint64(buf, (eightDigits(n)|zeroDigits)>>((64-8*uint(count))&63))[:end]
}

// zeroDigits converts eight digits to ASCII when added to them.
const zeroDigits = 0x30303030_30303030

// eightDigits returns the decimal digits of n, which must be less than 10⁸, one in each byte with the
// first digit in the lowest byte. It computes all digits at once by repeatedly splitting numbers into
// halves, without a branch that depends on the number of digits.
func eightDigits(n uint64) uint64 {
	// Make two numbers of four digits, then four of two, then eight of one. The divisions by 100 and 10
	// are multiplications whose results are exact for numbers this small.
	d := n/1e4 | n%1e4<<32
	q := d * 10486 >> 20 & 0x0000007F_0000007F
	d = q | (d-100*q)<<16
	q = d * 103 >> 10 & 0x000F000F_000F000F
	return q | (d-10*q)<<8
}

// powersOf10 are the powers of ten that fit in a uint64.
var powersOf10 = func() (all [20]uint64) {
	power := uint64(1)
	for i := range all {
		all[i] = power
		power *= 10
	}
	return all
}()

// countDigits returns the number of decimal digits of n.
func countDigits(n uint64) int {
	count := bits.Len64(n) * 1233 >> 12 // 1233/4096 is about 0.301, the decimal logarithm of 2.
	if n >= powersOf10[count] {
		count++
	}
	return max(count, 1)
}
