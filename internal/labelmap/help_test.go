package labelmap_test

import (
	"slices"
	"sync"
	"testing"
	"unsafe"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// masks are the bits of the hash that tests use: all of them, so few that there are many collisions,
// and none, so that every series collides with every other.
var masks = []uint64{^uint64(0), 7, 0}

// volatile returns a string that lies in buffer, as strings of some callers do.
func volatile(buffer []byte) string { return unsafe.String(&buffer[0], len(buffer)) }

// valuesIn returns the values of the labels of a series except the constant m, in the order of their
// names.
func valuesIn[C any](e *labelmap.Entry[C]) []string {
	var values []string
	for c := e.Labels().Cursor(); c.Next(); {
		if c.Name != "m" {
			values = append(values, c.Value())
		}
	}
	return values
}

// checkSorted checks that neighbors are in order and different.
func checkSorted[C any](t *testing.T, list []*labelmap.Entry[C]) bool {
	t.Helper()
	for i := 1; i < len(list); i++ {
		if model.CompareLabels(list[i-1].Labels(), list[i].Labels()) >= 0 {
			t.Errorf("%s comes before %s", list[i-1].Labels().Text(), list[i].Labels().Text())
			return false
		}
	}
	return true
}

// contains reports whether the sorted list contains e itself, and not only a series with the same
// labels.
func contains[C any](list []*labelmap.Entry[C], e *labelmap.Entry[C]) bool {
	i, found := slices.BinarySearchFunc(list, e.Labels(), func(e *labelmap.Entry[C], l model.Labels) int {
		return model.CompareLabels(e.Labels(), l)
	})
	return found && list[i] == e
}

// together runs work in n goroutines that start as simultaneously as possible, and returns when all of
// them have.
func together(n int, work func(worker int)) {
	var (
		wg    sync.WaitGroup
		start = make(chan struct{})
	)
	for worker := range n {
		wg.Go(func() {
			<-start
			work(worker)
		})
	}
	close(start)
	wg.Wait()
}
