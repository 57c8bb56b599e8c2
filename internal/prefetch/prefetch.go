//go:build gc && !purego && (amd64 || arm64)

package prefetch

import "unsafe"

// Objects announces the first size bytes behind each pointer.
func Objects[T any](objects []*T, size uintptr) {
	each(unsafe.Pointer(unsafe.SliceData(objects)), len(objects), lines(size))
}

// Numbers announces the numbers, or the first ones of very many: the processor notices by
// itself that one line is read after the other.
func Numbers(numbers []uint64) {
	p := unsafe.SliceData(numbers)
	each(unsafe.Pointer(&p), 1, min(lines(uintptr(len(numbers))*unsafe.Sizeof(*p)), maxLines))
}

// maxLines is how many lines of numbers are announced.
const maxLines = 4

// lines returns how many lines that takes, for what begins with a line. It is at least one,
// since each prefetches one at least. To prefetch what is not there does no harm.
func lines(size uintptr) int { return max(1, int((size+lineSize-1)/lineSize)) }

// each prefetches so many lines, at least one, from each of n pointers on.
//
//go:noescape
func each(pointers unsafe.Pointer, n, lines int)
