//go:build gc && !purego && (amd64 || arm64)

package prefetch

import "unsafe"

// Objects announces reads of the first size bytes at each pointer.
func Objects[T any](objects []*T, size uintptr) {
	each(unsafe.Pointer(unsafe.SliceData(objects)), len(objects), lines(size))
}

// Numbers announces reads of the numbers. If there are very many, it announces only the first ones: the
// processor recognizes sequential reads by itself.
func Numbers(numbers []uint64) {
	p := unsafe.SliceData(numbers)
	each(unsafe.Pointer(&p), 1, min(lines(uintptr(len(numbers))*unsafe.Sizeof(*p)), maxLines))
}

// maxLines is the number of lines of numbers that are announced.
const maxLines = 4

// lines returns the number of cache lines of an object that begins at a line boundary. It is at least
// one, since each prefetches at least one. Prefetching invalid addresses does no harm.
func lines(size uintptr) int { return max(1, int((size+lineSize-1)/lineSize)) }

// each prefetches the given number of cache lines at each of n pointers. The number must be at least one.
//
//go:noescape
func each(pointers unsafe.Pointer, n, lines int)
