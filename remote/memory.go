package remote

import (
	"math/bits"
	"sync"

	"github.com/luxfi/metric/internal/parse"
)

// body is the body of a response, complete and decompressed.
type body struct {
	format parse.Format
	data   *[]byte // allocated by newMemory
}

// The sizes of bodies that are reused. A larger one is left to the garbage collector, because a program
// that needs it only once should not retain it.
const (
	minBody = 64 << 10
	maxBody = 16 << 20
)

// bodies has, at index i, memory for bodies of at least minBody<<i bytes and less than twice as much. With
// a single pool, each small target would end up with the memory that the largest one needs.
var bodies [9]sync.Pool // contain *[]byte

// newMemory returns memory for about the given number of bytes.
func newMemory(expected int) *[]byte {
	size := min(max(expected, minBody), maxBody)
	class := bits.Len(uint(size-1) / minBody) // rounded up
	if data, ok := bodies[class].Get().(*[]byte); ok {
		return data
	}
	data := make([]byte, 0, minBody<<class)
	return &data
}

// whenFreed is called with memory that must not be read any more. Tests replace it.
var whenFreed = func([]byte) {}

// free makes the memory of a body available for reuse.
func (b *body) free() {
	data := *b.data
	whenFreed(data[:cap(data)])
	if cap(data) < minBody || cap(data) >= 2*maxBody {
		return
	}
	*b.data = data[:0]
	bodies[bits.Len(uint(cap(data))/minBody)-1].Put(b.data) // rounded down
}
