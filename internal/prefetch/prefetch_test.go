package prefetch_test

import (
	"testing"

	"github.com/luxfi/metric/internal/prefetch"
)

// TestPrefetch checks that prefetching does not change the memory.
func TestPrefetch(t *testing.T) {
	type object [20]uint64
	prefetch.Objects([]*object{}, 160)
	prefetch.Numbers(nil)
	objects := []*object{{}, {}}
	objects[1][9] = 1
	prefetch.Objects(objects, 160)
	numbers := []uint64{1: 2, 99: 3}
	prefetch.Numbers(numbers)
	if objects[1][9] != 1 || numbers[1] != 2 || numbers[99] != 3 {
		t.Error("something has changed")
	}
}
