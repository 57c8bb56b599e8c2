// Package order sorts slices, and deletes from them, where code size matters more than speed.
package order

import (
	"slices"
	"sort"
)

// By sorts s by compare, like slices.SortFunc. The machine code of that is some 20 kB in each
// program for each type of elements; By has a few hundred bytes for each, and shares the rest.
// In return it allocates once, and takes about twice as long.
func By[E any](s []E, compare func(a, b E) int) {
	if len(s) > 1 {
		sort.Sort(&slice[E]{s, compare})
	}
}

// DeleteFunc does what slices.DeleteFunc does. All types of pointers share its machine code.
func DeleteFunc[E any](s []E, del func(E) bool) []E { return slices.DeleteFunc(s, del) }

type slice[E any] struct {
	elements []E
	compare  func(a, b E) int
}

func (s *slice[E]) Len() int           { return len(s.elements) }
func (s *slice[E]) Less(i, j int) bool { return s.compare(s.elements[i], s.elements[j]) < 0 }
func (s *slice[E]) Swap(i, j int)      { s.elements[i], s.elements[j] = s.elements[j], s.elements[i] }
