// Package stripe spreads what all cores write to over several cache lines.
package stripe

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"time"
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

// goldenRatio is 2⁶⁴ divided by the golden ratio. Multiplying by it places numbers
// that are close to each other farther apart than chance would.
const goldenRatio = 0x9E3779B97F4A7C15

// Index returns a number from 0 to n-1, n being positive, that is likely to be
// another one for each goroutine that runs at the moment, and the same for one
// goroutine from call to call. It is a hint: nothing may depend on it but speed.
//
// What it looks at is where the goroutine's stack is, the cheapest thing there is
// that goroutines differ in. Stacks are multiples of 2048 bytes and often lie next
// to each other. With a random index instead, two to 64 goroutines on two cores took 12 ns for
// Inc, as with a single atomic and whatever GOMAXPROCS was, and with this one they take 4:
//
//	go test -run '^$' -bench ParallelInc -cpu 2,8,64 ./internal/stripe
func Index(n int) int {
	var here struct{}
	hash := goroutine(unsafe.Pointer(&here)) * (goldenRatio ^ shuffled.Load())
	return int(hash >> 32 * uint64(n) >> 32)
}

// goroutine returns a number that is another one for each goroutine, as long as its
// stack is not very deep. The argument points into the stack: to a variable of no size, for
// which nothing has to be put there.
func goroutine(here unsafe.Pointer) uint64 { return uint64(uintptr(here)) >> 11 }

// Shuffle gives all goroutines other indexes. Who finds that two goroutines have the
// same stripe calls it, or they would be in each other's way for as long as they
// run: of the runs of a benchmark on two cores, one in six took 19 ns for an addition
// and all others 4.
//
// It does so once in a while only, and the less often the less it helps. With many cores
// some goroutines always meet, and what the indexes are made of should stay in the caches
// of all cores, as what each goroutine has added to should stay in that of its own.
func Shuffle() { shuffleAt(int64(time.Since(start))) }

func shuffleAt(now int64) {
	last, pause := shuffledAt.Load(), shufflePause.Load()
	since := now - last
	if since < pause || !shuffledAt.CompareAndSwap(last, now) {
		return
	}
	if since < 4*pause {
		shufflePause.Store(min(2*pause, int64(maxShufflePause)))
	} else {
		shufflePause.Store(int64(minShufflePause))
	}
	// The numbers of a Weyl sequence, but for the last bit: the factor stays odd.
	shuffled.Add(0xD1B54A32D192ED02)
}

const (
	minShufflePause = time.Millisecond
	maxShufflePause = time.Second
)

var (
	shuffled     atomic.Uint64
	shuffledAt   atomic.Int64 // Since start.
	shufflePause atomic.Int64
	start        = time.Now()
)
