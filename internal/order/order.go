// Package order sorts slices, and deletes from them, where code size matters more than speed.
package order

import (
	"slices"
	"sort"
)

// By sorts s by compare, like [slices.SortFunc]. SortFunc adds some 20 kB of machine code to a program
// for each element type. By adds a few hundred bytes for each, and shares the rest. In return it
// allocates once, and takes about twice as long.
func By[E any](s []E, compare func(a, b E) int) {
	if len(s) > 1 {
		sort.Sort(&slice[E]{s, compare})
	}
}

// DeleteFunc is [slices.DeleteFunc], with one copy of its machine code for all types of pointers.
func DeleteFunc[E any](s []E, del func(E) bool) []E { return slices.DeleteFunc(s, del) }

type slice[E any] struct {
	elements []E
	compare  func(a, b E) int
}

func (s *slice[E]) Len() int           { return len(s.elements) }
func (s *slice[E]) Less(i, j int) bool { return s.compare(s.elements[i], s.elements[j]) < 0 }
func (s *slice[E]) Swap(i, j int)      { s.elements[i], s.elements[j] = s.elements[j], s.elements[i] }
