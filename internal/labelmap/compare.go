package labelmap

import (
	"slices"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
)

// compareEntries orders the entries of one map as [model.CompareLabels] does. They have the same
// layout.
func compareEntries[C any](a, b *Entry[C]) int { return model.CompareSameNames(a.Labels(), b.Labels()) }

// sortEntries sorts entries by compareEntries.
//
// It sorts the slice as a slice of *byte, because slices.SortFunc would otherwise be compiled for each
// C: 76 kB of every program for the four kinds of vectors.
func sortEntries[C any](entries []*Entry[C]) {
	erased := unsafe.Slice((**byte)(unsafe.Pointer(unsafe.SliceData(entries))), len(entries))
	slices.SortFunc(erased, func(a, b *byte) int {
		return compareEntries((*Entry[C])(unsafe.Pointer(a)), (*Entry[C])(unsafe.Pointer(b)))
	})
}
