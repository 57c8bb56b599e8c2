package labelstruct

import (
	"fmt"
	"reflect"
	"unsafe"
)

// stringerType is a function so that programs without structs of labels do not contain it.
func stringerType() reflect.Type { return reflect.TypeFor[fmt.Stringer]() }

func isStringer(t reflect.Type) bool { return t.Implements(stringerType()) }

// kindOf returns the kind of a field of type t, and false if it cannot be a label.
func kindOf(t reflect.Type) (Kind, bool) {
	switch t.Kind() {
	case reflect.String:
		return String, true
	case reflect.Bool:
		return Bool, true
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		return sized(Int8, t), true
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint, reflect.Uintptr:
		return sized(Uint8, t), true
	case reflect.Interface:
		return CallInterface, t == stringerType()
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func:
		return CallPointer, isStringer(t)
	default:
		return CallValue, isStringer(t)
	}
}

// sized returns the kind of an integer type, given the kind for 8 bits.
func sized(kind8 Kind, t reflect.Type) Kind {
	switch t.Size() {
	case 1:
		return kind8
	case 2:
		return kind8 + 1
	case 4:
		return kind8 + 2
	default:
		return kind8 + 3
	}
}

// stringerOf returns the first word of a fmt.Stringer for a field of type t; see Field. The second word
// holds a value that is a pointer in memory itself, and otherwise points to the value.
func stringerOf(t reflect.Type) unsafe.Pointer {
	if !isStringer(t) || t.Kind() == reflect.Interface {
		return nil
	}
	var stringer fmt.Stringer
	if kind, _ := kindOf(t); kind == CallPointer {
		stringer = reflect.Zero(t).Interface().(fmt.Stringer)
	} else {
		stringer = reflect.New(t).Interface().(fmt.Stringer)
	}
	return (*stringerWords)(unsafe.Pointer(&stringer)).method
}
