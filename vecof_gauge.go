package metric

import (
	"reflect"
	"unsafe"

	"github.com/luxfi/metric/internal/instrument"
)

// GaugeVecOf is a [GaugeVec] whose labels are the fields of the struct type L; see [CounterVecOf].
type GaugeVecOf[L any] struct {
	vecOf[L]
	ofMark[GaugeVecOf[L]]

	gauges *GaugeVec
}

// NewGaugeVecOf returns a vector of gauges whose labels are the fields of L. It panics if L is not
// a struct or a field cannot be a label; see [CounterVecOf]. Registering the vector reports errors
// in opts.
func NewGaugeVecOf[L any](opts GaugeOpts) *GaugeVecOf[L] {
	plan := mustPlan(reflect.TypeFor[L](), "gauge", opts.Namespace, opts.Subsystem, opts.Name)
	v := NewGaugeVec(opts, plan.Names())
	return &GaugeVecOf[L]{
		vecOf[L]{front: instrument.NewFront(v.vec, plan), vec: v.MetricVec},
		ofMark[GaugeVecOf[L]]{instrument.MarkOf[GaugeVecOf[L]](v.vec)}, v,
	}
}

// With returns the gauge with these labels, and creates it if it does not exist yet. It panics if a
// label value is not valid UTF-8. The strings in labels may be parts of a buffer that the caller
// reuses.
func (v *GaugeVecOf[L]) With(labels L) ReadableGauge {
	if c := v.front.Get(unsafe.Pointer(&labels)); c != nil {
		return (*instrument.Gauge)(c)
	}
	return must(v.find(labels))
}

// GetMetricWith is like With, but returns an error where With panics.
func (v *GaugeVecOf[L]) GetMetricWith(labels L) (ReadableGauge, error) {
	if c := v.front.Get(unsafe.Pointer(&labels)); c != nil {
		return (*instrument.Gauge)(c), nil
	}
	return v.find(labels)
}

func (v *GaugeVecOf[L]) find(labels L) (ReadableGauge, error) {
	s := v.borrow(labels)
	c, err := instrument.Find(v.gauges.vec, v.front, unsafe.Pointer(s))
	v.giveBack(s)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Vec returns the vector with the same gauges that takes label values as strings. It can be
// curried, and passed to code that takes a GaugeVec.
func (v *GaugeVecOf[L]) Vec() *GaugeVec { return v.gauges }

func (v *GaugeVecOf[L]) bridgedFor(asked Collector) Collector {
	return existingFor(asked, v.gauges)
}
