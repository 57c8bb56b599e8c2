package instrument

import (
	"unsafe"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/labelstruct"
)

// Front finds children of a vector by structs with their labels.
type Front = labelmap.Front

// NewFront returns a front of the children of v. plan must have the labels of v. A vector has at most one
// front, which must be made before v is shared. NewFront and [Find] are functions rather than methods of Vec
// to make programs without them smaller.
func NewFront[C any, P Child[C]](v *Vec[C, P], plan *labelstruct.Plan) *Front {
	f := labelmap.NewFront(plan)
	v.children.UseFront(f)
	return f
}

// Find returns the child of v with the labels of the struct at s, and creates it if it does not exist. front
// must be a front of v. No lock is held while methods of the struct run.
func Find[C any, P Child[C]](v *Vec[C, P], front *Front, s unsafe.Pointer) (P, error) {
	var inlineCalled, inline [inlineLabels]string
	plan := front.Plan()
	called := plan.Call(inlineCalled[:0], s)
	if child := front.GetSlowly(s, called); child != nil {
		return (*C)(child), nil
	}
	all := plan.Values(inline[:0], s, called)
	if e := v.children.Get(all); e != nil {
		v.children.Remember(e, s, called, all) // A new child is remembered only when it is used a second time.
		return &e.Child, nil
	}
	return v.find(nil, all)
}

// ValuesOf returns the label values of the struct at s.
func ValuesOf(front *Front, s unsafe.Pointer) []string {
	plan := front.Plan()
	return plan.Values(nil, s, plan.Call(nil, s))
}
