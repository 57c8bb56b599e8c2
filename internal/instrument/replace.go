package instrument

import (
	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// Replaceable is implemented by each [Core]. It is a separate interface so that programs that replace
// nothing do not contain the code.
type Replaceable interface {
	// AsideCore returns a vector without children that is curried like this one.
	AsideCore() Core
	// AdoptCore replaces the children of the vector with the children of aside, a core that AsideCore has
	// returned, all at once. A curried vector replaces only its own children.
	AdoptCore(aside Core)
}

var (
	_ Replaceable = (*Counters)(nil)
	_ Replaceable = (*custom)(nil)
	_ Replaceable = (*NoOpCounters)(nil)
)

// aside returns an index for other children of the same family, curried alike.
func (x *index[C]) aside() index[C] {
	return newIndex(x.family, x.children.NewLike(x.reached()), x.curried)
}

// adopt moves the children of aside into x. merge is passed to [labelmap.Map.Swap].
func (x *index[C]) adopt(aside *index[C], merge func(to, from *C)) {
	x.children.Swap(aside.children, x.reached(), merge)
}

// reached returns a function that reports whether a child has the curried labels, or nil if there are
// none.
func (x *index[C]) reached() func(*labelmap.Entry[C]) bool {
	if len(x.curried) == 0 {
		return nil
	}
	return func(e *labelmap.Entry[C]) bool { return haveCurried(x.family, e.Labels(), x.curried) }
}

// haveCurried reports whether a child with the given labels has the curried ones.
func haveCurried(f *family, labels model.Labels, curried []curriedLabel) bool {
	values := f.layout.Values(labels)
	for _, c := range curried {
		if values[c.index] != c.value {
			return false
		}
	}
	return true
}

// Aside returns a vector without children that is curried like v.
func (v *Vec[C, P]) Aside() *Vec[C, P] {
	aside := *v
	aside.index = v.aside()
	return &aside
}

// Adopt replaces the children of v by those of aside; see [Replaceable].
//
// The overflow series may count children outside a curried vector. So it keeps its counts, except for
// gauges and similar types, where the overflow series of aside replaces it.
func (v *Vec[C, P]) Adopt(aside *Vec[C, P]) {
	var merge func(to, from *C)
	switch v.family.Type {
	case model.Counter, model.Histogram, model.Summary:
		merge = func(to, from *C) { P(from).moveTo(to, 0) }
	default:
	}
	v.adopt(&aside.index, merge)
}

// AsideCore implements [Replaceable].
func (v *Vec[C, P]) AsideCore() Core { return v.Aside() }

// AdoptCore implements [Replaceable].
func (v *Vec[C, P]) AdoptCore(aside Core) { v.Adopt(aside.(*Vec[C, P])) }

// AsideCore implements [Replaceable].
func (v *custom) AsideCore() Core { return &custom{v.aside(), v.newMetric} }

// AdoptCore implements [Replaceable].
func (v *custom) AdoptCore(aside Core) { v.adopt(&aside.(*custom).index, nil) }

// Aside returns a vector like v without children.
func (v *NoOpVec[N]) Aside() *NoOpVec[N] {
	aside := *v
	if v.family != nil {
		aside.index = v.aside()
	}
	return &aside
}

// Adopt replaces the children of v by those of aside; see [Replaceable].
func (v *NoOpVec[N]) Adopt(aside *NoOpVec[N]) {
	if v.family != nil {
		v.adopt(&aside.index, nil)
	}
}

// AsideCore implements [Replaceable].
func (v *NoOpVec[N]) AsideCore() Core { return v.Aside() }

// AdoptCore implements [Replaceable].
func (v *NoOpVec[N]) AdoptCore(aside Core) { v.Adopt(aside.(*NoOpVec[N])) }
