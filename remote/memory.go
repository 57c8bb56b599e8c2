package remote

import (
	"math/bits"
	"sync"

	"github.com/luxfi/metric/internal/parse"
)

// body is the body of a response, whole and decompressed.
type body struct {
	format parse.Format
	data   *[]byte // From newMemory.
}

// The sizes of bodies that are used again. A larger one is left to the garbage collector: a program
// that meets it once should not keep it.
const (
	minBody = 64 << 10
	maxBody = 16 << 20
)

// bodies has memory for bodies of at least minBody<<i bytes at index i, and less than twice as much. With a
// single pool, each small target would end up with what the largest one needs.
var bodies [9]sync.Pool // Of *[]byte.

// newMemory returns memory for probably so many bytes.
func newMemory(expected int) *[]byte {
	size := min(max(expected, minBody), maxBody)
	class := bits.Len(uint(size-1) / minBody) // Rounded up.
	if data, ok := bodies[class].Get().(*[]byte); ok {
		return data
	}
	data := make([]byte, 0, minBody<<class)
	return &data
}

// whenFreed is called with memory that nothing may read any more. Tests overwrite it.
var whenFreed = func([]byte) {}

// free lets the memory of a body be used again.
func (b *body) free() {
	data := *b.data
	whenFreed(data[:cap(data)])
	if cap(data) < minBody || cap(data) >= 2*maxBody {
		return
	}
	*b.data = data[:0]
	bodies[bits.Len(uint(cap(data))/minBody)-1].Put(b.data) // Rounded down.
}
