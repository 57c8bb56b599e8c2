//go:build !gc || purego || (!amd64 && !arm64)

package prefetch

import "unsafe"

// Objects announces reads of the first size bytes at each pointer.
func Objects[T any](objects []*T, size uintptr) {
	for _, o := range objects {
		read(unsafe.Slice((*uint64)(unsafe.Pointer(o)), min(size, unsafe.Sizeof(*o))/8)) // The memory behind it may not be readable.
	}
}

// Numbers announces reads of the numbers.
func Numbers(numbers []uint64) { read(numbers) }

// read reads one word of each line. It may race with writes, since the values do not matter. It is not
// inlined, so that the compiler does not remove it.
//
//go:noinline
//go:norace
func read(numbers []uint64) (sum uint64) {
	for i := 0; i < len(numbers); i += lineSize / 8 {
		sum += numbers[i]
	}
	return sum
}
