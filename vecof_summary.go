package metric

import (
	"reflect"
	"unsafe"

	"github.com/luxfi/metric/internal/instrument"
)

// SummaryVecOf is a [SummaryVec] whose labels are the fields of the struct type L; see
// [CounterVecOf].
type SummaryVecOf[L any] struct {
	vecOf[L]
	ofMark[SummaryVecOf[L]]

	summaries *SummaryVec
}

// NewSummaryVecOf returns a vector of summaries whose labels are the fields of L. It panics if L is
// not a struct or a field cannot be a label; see [CounterVecOf]. It also panics where [NewSummary]
// does, and if a label has the name quantile.
func NewSummaryVecOf[L any](opts SummaryOpts) *SummaryVecOf[L] {
	plan := mustPlan(reflect.TypeFor[L](), "summary", opts.Namespace, opts.Subsystem, opts.Name, "quantile")
	v := NewSummaryVec(opts, plan.Names())
	return &SummaryVecOf[L]{
		vecOf[L]{front: instrument.NewFront(v.vec, plan), vec: v.MetricVec},
		ofMark[SummaryVecOf[L]]{instrument.MarkOf[SummaryVecOf[L]](v.vec)}, v,
	}
}

// With returns the summary with these labels, and creates it if it does not exist yet. It panics if
// a label value is not valid UTF-8. The strings in labels may be parts of a buffer that the caller
// reuses.
func (v *SummaryVecOf[L]) With(labels L) Summary {
	if c := v.front.Get(unsafe.Pointer(&labels)); c != nil {
		return (*instrument.Summary)(c)
	}
	return must(v.find(labels))
}

// GetMetricWith is like With, but returns an error where With panics.
func (v *SummaryVecOf[L]) GetMetricWith(labels L) (Summary, error) {
	if c := v.front.Get(unsafe.Pointer(&labels)); c != nil {
		return (*instrument.Summary)(c), nil
	}
	return v.find(labels)
}

func (v *SummaryVecOf[L]) find(labels L) (Summary, error) {
	s := v.borrow(labels)
	c, err := instrument.Find(v.summaries.vec, v.front, unsafe.Pointer(s))
	v.giveBack(s)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Vec returns the vector with the same summaries that takes label values as strings. It can be
// curried, and passed to code that takes a SummaryVec.
func (v *SummaryVecOf[L]) Vec() *SummaryVec { return v.summaries }

func (v *SummaryVecOf[L]) bridgedFor(asked Collector) Collector {
	return existingFor(asked, v.summaries)
}
