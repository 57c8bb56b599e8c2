package metric

import (
	"reflect"
	"unsafe"

	"github.com/luxfi/metric/internal/instrument"
)

// HistogramVecOf is a [HistogramVec] whose labels are the fields of the struct type L; see
// [CounterVecOf].
type HistogramVecOf[L any] struct {
	vecOf[L]
	ofMark[HistogramVecOf[L]]

	histograms *HistogramVec
}

// NewHistogramVecOf returns a vector of histograms whose labels are the fields of L. It panics if L
// is not a struct or a field cannot be a label; see [CounterVecOf]. It also panics where
// [NewHistogram] does, and if a label has the name le.
func NewHistogramVecOf[L any](opts HistogramOpts) *HistogramVecOf[L] {
	plan := mustPlan(reflect.TypeFor[L](), "histogram", opts.Namespace, opts.Subsystem, opts.Name, "le")
	v := NewHistogramVec(opts, plan.Names())
	return &HistogramVecOf[L]{
		vecOf[L]{front: instrument.NewFront(v.vec, plan), vec: v.MetricVec},
		ofMark[HistogramVecOf[L]]{instrument.MarkOf[HistogramVecOf[L]](v.vec)}, v,
	}
}

// With returns the histogram with these labels, and creates it if it does not exist yet. It panics
// if a label value is not valid UTF-8. The strings in labels may be parts of a buffer that the
// caller reuses.
func (v *HistogramVecOf[L]) With(labels L) Histogram {
	if c := v.front.Get(unsafe.Pointer(&labels)); c != nil {
		return (*instrument.Histogram)(c)
	}
	return must(v.find(labels))
}

// GetMetricWith is like With, but returns an error where With panics.
func (v *HistogramVecOf[L]) GetMetricWith(labels L) (Histogram, error) {
	if c := v.front.Get(unsafe.Pointer(&labels)); c != nil {
		return (*instrument.Histogram)(c), nil
	}
	return v.find(labels)
}

func (v *HistogramVecOf[L]) find(labels L) (Histogram, error) {
	s := v.borrow(labels)
	c, err := instrument.Find(v.histograms.vec, v.front, unsafe.Pointer(s))
	v.giveBack(s)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Vec returns the vector with the same histograms that takes label values as strings. It can be
// curried, and passed to code that takes a HistogramVec.
func (v *HistogramVecOf[L]) Vec() *HistogramVec { return v.histograms }

func (v *HistogramVecOf[L]) bridgedFor(asked Collector) Collector {
	return existingFor(asked, v.histograms)
}
