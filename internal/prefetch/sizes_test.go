package prefetch_test

import (
	"slices"
	"testing"

	"github.com/luxfi/metric/internal/prefetch"
)

// TestSizes prefetches numbers and sizes of objects that cover each count of the loops in assembly,
// including zero.
func TestSizes(t *testing.T) {
	type object [32]uint64
	objects := make([]*object, 20)
	numbers := make([]uint64, 300)
	for i := range objects {
		objects[i] = &object{uint64(i)}
	}
	for i := range numbers {
		numbers[i] = uint64(i)
	}
	pointers, before := slices.Clone(objects), slices.Clone(numbers)
	for n := range len(objects) + 1 {
		for size := range uintptr(10 * 64) { // also more than the size of the object
			prefetch.Objects(objects[:n], size)
		}
	}
	for n := range len(numbers) + 1 {
		prefetch.Numbers(numbers[:n])
	}
	if !slices.Equal(objects, pointers) || !slices.Equal(numbers, before) {
		t.Error("what was announced has changed")
	}
	for i, o := range objects {
		if *o != (object{uint64(i)}) {
			t.Errorf("object %d has changed: %v", i, *o)
		}
	}
}
