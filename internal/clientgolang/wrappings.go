package clientgolang

import (
	"reflect"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
)

// The types of client_golang's wrappers are private. Only their fields reveal the wrapped values.
// Without access to them, the library could not pass a context to a collector behind a wrapper, honor
// the options of RegistererWith, or handle a panic there. If another version of client_golang has
// different fields, its wrappers count as collectors and registerers of an unknown type, as for all
// other code. TestUnwrap fails in that case.
var (
	foreignCollector  = typeOfForeign(prometheus.WrapCollectorWith(nil, nil), "wrappedCollector")
	foreignRegisterer = typeOfForeign(prometheus.WrapRegistererWith(nil, nil), "wrappedRegisterer")
)

// foreignType is a type of client_golang's wrappers, a pointer to a struct, or nil if its fields are
// unknown.
type foreignType struct {
	typ                   reflect.Type
	inner, prefix, labels int // indices of the fields
}

func typeOfForeign(example any, inner string) *foreignType {
	t := reflect.TypeOf(example)
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	f := &foreignType{typ: t}
	for _, want := range [...]struct {
		name  string
		typ   reflect.Type
		index *int
	}{
		{inner, nil, &f.inner},
		{"prefix", reflect.TypeFor[string](), &f.prefix},
		{"labels", reflect.TypeFor[prometheus.Labels](), &f.labels},
	} {
		field, ok := t.Elem().FieldByName(want.name)
		if !ok || len(field.Index) != 1 || want.typ != nil && field.Type != want.typ {
			return nil
		}
		*want.index = field.Index[0]
	}
	if t.Elem().NumField() != 3 {
		return nil
	}
	return f
}

// readForeign returns the fields of v if v has the type f.
func readForeign[T any](f *foreignType, v any) (inner T, prefix string, labels prometheus.Labels, ok bool) {
	if f == nil || v == nil || reflect.TypeOf(v) != f.typ {
		return inner, "", nil, false
	}
	fields := reflect.ValueOf(v).Elem()
	if !fields.IsValid() || fields.Field(f.inner).Type() != reflect.TypeFor[T]() {
		return inner, "", nil, false
	}
	inner = *(*T)(unsafe.Pointer(fields.Field(f.inner).UnsafeAddr()))
	prefix = fields.Field(f.prefix).String()
	labels = *(*prometheus.Labels)(unsafe.Pointer(fields.Field(f.labels).UnsafeAddr()))
	return inner, prefix, labels, true
}

// Unwrap returns the collector inside one of client_golang's wrappers, and the prefix and labels that
// the wrapper adds.
func Unwrap(c prometheus.Collector) (inner prometheus.Collector, prefix string, labels prometheus.Labels, ok bool) {
	return readForeign[prometheus.Collector](foreignCollector, c)
}

// UnwrapRegisterer returns the registerer behind all wrappers of client_golang.
func UnwrapRegisterer(reg prometheus.Registerer) prometheus.Registerer {
	for {
		inner, _, _, ok := readForeign[prometheus.Registerer](foreignRegisterer, reg)
		if !ok {
			return reg
		}
		reg = inner
	}
}

// IsInstrument reports whether c is an instrument of client_golang that does not call user code.
func IsInstrument(c prometheus.Collector) bool {
	switch c.(type) {
	case *prometheus.CounterVec, *prometheus.GaugeVec, *prometheus.HistogramVec, *prometheus.SummaryVec:
		return true
	case prometheus.Counter, prometheus.Observer: // Gauges have the methods of counters.
		t := reflect.TypeOf(c)
		return t.Kind() == reflect.Pointer && t.Elem().PkgPath() == reflect.TypeFor[prometheus.Desc]().PkgPath()
	default:
		return false
	}
}
