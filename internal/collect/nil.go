package collect

import "reflect"

// IsNil reports whether v is nil, or a nil pointer or function in an interface. A nil slice or map is a
// value like any other: an empty Gatherers, for example.
func IsNil(v any) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return (r.Kind() == reflect.Pointer || r.Kind() == reflect.Func) && r.IsNil()
}
