package metric

import (
	"reflect"
	"unsafe"

	"github.com/luxfi/metric/internal/instrument"
)

// CounterVecOf is a [CounterVec] whose labels are the fields of the struct type L:
//
//	type requestLabels struct {
//		Method string
//		Code   int
//		Peer   struct {
//			Zone string
//		}
//		Cached bool `label:"from_cache"`
//	}
//
//	var requests = metric.NewCounterVecOf[requestLabels](metric.CounterOpts{Name: "requests_total"})
//
//	requests.With(requestLabels{Method: "GET", Code: 200}).Inc()
//
// The compiler checks the types of the values, and no value can be missing or in the wrong place: a
// field that is not set has its zero value, and an empty string means that the label is absent. For
// a counter that exists, With does not use reflection and does not allocate. It is faster than
// [CounterVec.WithLabelValues], above all if fields are integers.
//
// # Names
//
// The tag of a field, as in label:"code", is the name of its label. Without a tag, the label has the
// name of the field in snake case: Method becomes method, StatusCode becomes status_code and
// HTTPMethod becomes http_method. The conversion splits some names, such as IPv4 or OAuth2, in the
// wrong place; such fields need a tag. The tag label:"-" leaves a field out.
//
// # Types
//
// A field is one of:
//
//   - a string, an integer of any size or a bool;
//   - any type with a method String, which returns the label value: time.Duration, netip.Addr, or a
//     type of the program's own. The method must have a value receiver, or the field must be a
//     pointer. A nil pointer and a nil [fmt.Stringer] are empty label values;
//   - a struct. Each of its fields is a label. The names of these labels have a prefix: the tag of the
//     outer field, or its name if it has no tag, and an underscore. So the labels above are method,
//     code, peer_zone and from_cache. An embedded struct without a tag adds no prefix. A struct with a
//     method String is one label.
//
// The String method of a string, integer or bool must always return the same text for the same
// value, because the vector caches it. With calls the String method of other types each time,
// without a lock. If the method panics, With panics, too.
//
// Fields of other types, such as floats, unexported fields without a tag, and labels with the same
// name are errors. Constructors panic with an error that names the field, and [LabelNames] returns
// it.
//
// # Uses
//
// A CounterVecOf registers and behaves as the CounterVec that [CounterVecOf.Vec] returns, and is
// safe for concurrent use. If a registry already has a vector with the same name and labels,
// registering returns it in an [AlreadyRegisteredError]: as a *CounterVecOf[L], or as a *CounterVec
// if it was made with label names.
type CounterVecOf[L any] struct {
	vecOf[L]
	ofMark[CounterVecOf[L]]

	counters *CounterVec
}

// NewCounterVecOf returns a vector of counters whose labels are the fields of L. It panics if L is
// not a struct or a field cannot be a label; see [CounterVecOf]. Registering the vector reports
// errors in opts.
func NewCounterVecOf[L any](opts CounterOpts) *CounterVecOf[L] {
	plan := mustPlan(reflect.TypeFor[L](), "counter", opts.Namespace, opts.Subsystem, opts.Name)
	v := NewCounterVec(opts, plan.Names())
	return &CounterVecOf[L]{
		vecOf[L]{front: instrument.NewFront(v.vec, plan), vec: v.MetricVec},
		ofMark[CounterVecOf[L]]{instrument.MarkOf[CounterVecOf[L]](v.vec)}, v,
	}
}

// With returns the counter with these labels, and creates it if it does not exist yet. It panics if
// a label value is not valid UTF-8. The strings in labels may be parts of a buffer that the caller
// reuses.
func (v *CounterVecOf[L]) With(labels L) ReadableCounter {
	if c := v.front.Get(unsafe.Pointer(&labels)); c != nil {
		return (*instrument.Counter)(c)
	}
	return must(v.find(labels))
}

// GetMetricWith is like With, but returns an error where With panics.
func (v *CounterVecOf[L]) GetMetricWith(labels L) (ReadableCounter, error) {
	if c := v.front.Get(unsafe.Pointer(&labels)); c != nil {
		return (*instrument.Counter)(c), nil
	}
	return v.find(labels)
}

func (v *CounterVecOf[L]) find(labels L) (ReadableCounter, error) {
	s := v.borrow(labels)
	c, err := instrument.Find(v.counters.vec, v.front, unsafe.Pointer(s))
	v.giveBack(s)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Vec returns the vector with the same counters that takes label values as strings. It can be
// curried, and passed to code that takes a CounterVec.
func (v *CounterVecOf[L]) Vec() *CounterVec { return v.counters }

func (v *CounterVecOf[L]) bridgedFor(asked Collector) Collector {
	return existingFor(asked, v.counters)
}
