package labelmap

import (
	"slices"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// compareEntries orders the entries of one map like model.CompareLabels does. They are
// of one layout.
func compareEntries[C any](a, b *Entry[C]) int { return model.CompareSameNames(a.Labels(), b.Labels()) }

// sortEntries sorts entries by compareEntries.
//
// The slice is sorted as one of *byte, since slices.SortFunc would be compiled for each C
// otherwise: 76 kB of every program, for the four kinds of vectors.
func sortEntries[C any](entries []*Entry[C]) {
	erased := unsafe.Slice((**byte)(unsafe.Pointer(unsafe.SliceData(entries))), len(entries))
	slices.SortFunc(erased, func(a, b *byte) int {
		return compareEntries((*Entry[C])(unsafe.Pointer(a)), (*Entry[C])(unsafe.Pointer(b)))
	})
}
