package series

import "go.opentelemetry.io/otel/attribute"

// View exports view.
func View(set *attribute.Set) ([]attribute.KeyValue, bool) { return view(set) }

// DataKnown reports whether the memory layout of sets is known.
func DataKnown() bool { return dataKnown }

// ForgetData makes indexes read sets through their methods until the returned function is called.
func ForgetData() (restore func()) {
	known := dataKnown
	dataKnown = false
	return func() { dataKnown = known }
}

// Ready reports whether a set is ready.
func (x *Index[C, P]) Ready(set *attribute.Set) bool { return x.ready.get(set) != nil }
