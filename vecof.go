package metric

import (
	"fmt"
	"reflect"
	"sync"
	"time"
	"unsafe"

	"github.com/luxfi/metric/internal/instrument"
	"github.com/luxfi/metric/internal/labelstruct"
)

// LabelNames returns the names of the labels in the struct type L, in the order of its fields. If a
// field cannot be a label, the error says which one, and why; see [CounterVecOf]. The constructors
// of typed vectors panic with this error.
func LabelNames[L any]() ([]string, error) {
	plan, err := labelstruct.Of(reflect.TypeFor[L]())
	if err != nil {
		return nil, err
	}
	return plan.Names(), nil
}

// mustPlan returns the plan for labels of type t. It panics if t cannot be a set of labels.
func mustPlan(t reflect.Type, kind, namespace, subsystem, name string, reserved ...string) *labelstruct.Plan {
	plan, err := labelstruct.Of(t, reserved...)
	if err != nil {
		panic(fmt.Errorf("%s %q: %w", kind, BuildFQName(namespace, subsystem, name), err))
	}
	return plan
}

// vecOf has the fields and methods that the typed vectors have in common.
type vecOf[L any] struct {
	front   *instrument.Front
	vec     *MetricVec
	structs sync.Pool // of *L; String methods of L are called with these
}

// ofMark marks a typed vector as one of our own; see [counterMark]. It hides the embedded field.
type ofMark[T any] struct{ instrument.Mark[T] }

// borrow returns a copy of labels on which to call String methods. The caller returns it with
// giveBack. The copy is from a pool, because the compiler cannot know what these methods do with it
// and would allocate a new one for each call.
func (v *vecOf[L]) borrow(labels L) *L {
	s, ok := v.structs.Get().(*L)
	if !ok {
		s = new(L)
	}
	*s = labels
	return s
}

// giveBack clears s, so that the pool keeps no strings. If a String method panics, s is not given
// back.
func (v *vecOf[L]) giveBack(s *L) {
	clear(unsafe.Slice(s, 1))
	v.structs.Put(s)
}

// values returns the label values.
func (v *vecOf[L]) values(labels L) []string {
	s := v.borrow(labels)
	defer v.giveBack(s)
	return instrument.ValuesOf(v.front, unsafe.Pointer(s))
}

// Delete deletes the metric with these labels and reports whether there was one.
func (v *vecOf[L]) Delete(labels L) bool { return v.vec.DeleteLabelValues(v.values(labels)...) }

// DeletePartialMatch deletes all metrics that have these labels, among others, and returns their
// number. [LabelNames] returns the names of the labels.
func (v *vecOf[L]) DeletePartialMatch(labels Labels) int { return v.vec.DeletePartialMatch(labels) }

// Reset deletes all metrics.
func (v *vecOf[L]) Reset() { v.vec.Reset() }

// Describe implements [Collector].
func (v *vecOf[L]) Describe(ch chan<- *Desc) { v.vec.Describe(ch) }

// Collect implements [Collector].
func (v *vecOf[L]) Collect(ch chan<- Metric) { v.vec.Collect(ch) }

// SetExpiry sets the time after which series without updates expire; see [MetricVec.SetExpiry].
func (v *vecOf[L]) SetExpiry(after time.Duration) { v.vec.SetExpiry(after) }

// SetLimit sets how many series the vector may have; see [MetricVec.SetLimit].
func (v *vecOf[L]) SetLimit(series int) { v.vec.SetLimit(series) }

// SetValueLimit sets how many bytes a label value may have; see [MetricVec.SetValueLimit].
func (v *vecOf[L]) SetValueLimit(bytes int, long LongValues) { v.vec.SetValueLimit(bytes, long) }

// anyCore is the method by which registries find the vector.
func (v *vecOf[L]) anyCore() any { return v.vec.anyCore() }
