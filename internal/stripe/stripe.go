// Package stripe spreads what all cores write to over several cache lines.
package stripe

import (
	"math/bits"
	"runtime"
	"unsafe"
)

// maxCount bounds what one contended instrument can cost in memory, and in time
// when it is read.
const maxCount = 128

// Count returns how many stripes something contended should have: a power of
// two, four for each core that Go uses now. Goroutines choose their stripe without
// knowing of each other (see Index); with one stripe for each core, two out of two
// would meet half of the time.
func Count() int {
	n := min(4*runtime.GOMAXPROCS(0), maxCount)
	return 1 << bits.Len(uint(n-1))
}

// Index returns a number from 0 to n-1, n being positive, that is likely to be
// another one for each goroutine that runs at the moment, and the same for one
// goroutine from call to call. It is a hint: nothing may depend on it but speed.
//
// What it looks at is where the goroutine's stack is, the cheapest thing there is
// that goroutines differ in. Stacks are multiples of 2048 bytes and often lie next
// to each other. Multiplying by 2⁶⁴ divided by the golden ratio places such
// addresses farther apart than chance would.
func Index(n int) int {
	var onStack byte
	address := uint64(uintptr(unsafe.Pointer(&onStack)))
	hash := (address >> 11) * 0x9E3779B97F4A7C15
	return int(hash >> 32 * uint64(n) >> 32)
}
