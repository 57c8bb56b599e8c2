package clientgolang

import (
	"reflect"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
)

// The types of client_golang's wrappings are private. What they wrap can only be read from
// their fields; without that, a context, the options of RegistererWith and a panic in a
// collector behind them could not be dealt with. If another version of client_golang has
// different fields, its wrappings are what they are to everybody else: collectors and
// registerers of an unknown type. TestUnwrap fails then.
var (
	foreignCollector  = typeOfForeign(prometheus.WrapCollectorWith(nil, nil), "wrappedCollector")
	foreignRegisterer = typeOfForeign(prometheus.WrapRegistererWith(nil, nil), "wrappedRegisterer")
)

// foreignType is a type of client_golang's wrappings, a pointer to a struct, or nil if its
// fields are unknown.
type foreignType struct {
	typ                   reflect.Type
	inner, prefix, labels int // Indices of the fields.
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

// readForeign returns the fields of v if v is of the type.
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

// Unwrap returns the collector in one of client_golang's wrappings, and what the
// wrapping adds.
func Unwrap(c prometheus.Collector) (inner prometheus.Collector, prefix string, labels prometheus.Labels, ok bool) {
	return readForeign[prometheus.Collector](foreignCollector, c)
}

// UnwrapRegisterer returns the registerer behind client_golang's wrapping ones.
func UnwrapRegisterer(reg prometheus.Registerer) prometheus.Registerer {
	for {
		inner, _, _, ok := readForeign[prometheus.Registerer](foreignRegisterer, reg)
		if !ok {
			return reg
		}
		reg = inner
	}
}

// IsInstrument reports whether c is an instrument of client_golang that does not call
// a function of its user.
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
