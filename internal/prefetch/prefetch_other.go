//go:build !gc || purego || (!amd64 && !arm64)

package prefetch

import "unsafe"

// Objects announces the first size bytes behind each pointer.
func Objects[T any](objects []*T, size uintptr) {
	for _, o := range objects {
		read(unsafe.Slice((*uint64)(unsafe.Pointer(o)), min(size, unsafe.Sizeof(*o))/8)) // Who knows what is behind it.
	}
}

// Numbers announces the numbers.
func Numbers(numbers []uint64) { read(numbers) }

// read reads something of each line. What it reads may be older or newer than anything, since
// others may write there; nobody looks at it. It is not inlined, so that it is not left out.
//
//go:noinline
//go:norace
func read(numbers []uint64) (sum uint64) {
	for i := 0; i < len(numbers); i += lineSize / 8 {
		sum += numbers[i]
	}
	return sum
}
