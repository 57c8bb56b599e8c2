// Package labelstruct reads label values from the fields of a struct.
//
// [Of] uses reflection once and compiles a [Plan], which says where each value lies in memory. Reading
// values with a plan uses no reflection.
package labelstruct

import (
	"fmt"
	"strconv"
	"unsafe"
)

// Kind says how to read the memory of a field.
type Kind uint8

// The kinds of fields. The numbers in their names are bits.
const (
	String Kind = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64

	// The kinds below are types whose String method must be called to determine the value: a struct or
	// array, a type that is a pointer in memory, and a fmt.Stringer.
	CallValue
	CallPointer
	CallInterface
)

// Field is a label and the position of its value in a struct.
type Field struct {
	Name   string  // name of the label
	Path   string  // Go names that lead to the field, such as Peer.Zone
	Offset uintptr // offset of the value in the struct
	Kind   Kind

	// stringer is the first word of a fmt.Stringer that holds a pointer to the field or, for
	// CallPointer, the field itself. It is nil if the type has no String method.
	stringer unsafe.Pointer
}

// Plan describes how to read label values from a struct of one type. It is immutable.
type Plan struct {
	Fields []Field // in the order of the labels
	Calls  int     // number of fields for which IsCall is true
}

// Names returns the names of the labels.
func (p *Plan) Names() []string {
	names := make([]string, len(p.Fields))
	for i := range p.Fields {
		names[i] = p.Fields[i].Name
	}
	return names
}

// IsCall reports whether two values can only be distinguished by calling a String method. All other
// fields have the same label value if their memory, or the string that it refers to, is equal.
func (f *Field) IsCall() bool { return f.Kind >= CallValue }

// IsPlain reports whether the field is a string without a String method, which is its own label value.
func (f *Field) IsPlain() bool { return f.Kind == String && f.stringer == nil }

// Call appends the results of the String methods of the fields for which [Field.IsCall] is true to
// results, in the order of the fields. The struct at s must be of the type for which the plan was made.
func (p *Plan) Call(results []string, s unsafe.Pointer) []string {
	for i := range p.Fields {
		if f := &p.Fields[i]; f.IsCall() {
			results = append(results, f.call(unsafe.Add(s, f.Offset)))
		}
	}
	return results
}

// Values appends the values of all labels to values. called is the result of [Plan.Call] for the same
// struct. The values share memory with the strings in the struct.
func (p *Plan) Values(values []string, s unsafe.Pointer, called []string) []string {
	for i := range p.Fields {
		f := &p.Fields[i]
		if f.IsCall() {
			values = append(values, called[0])
			called = called[1:]
			continue
		}
		values = append(values, f.value(unsafe.Add(s, f.Offset)))
	}
	return values
}

// value returns the label value of the field at v.
func (f *Field) value(v unsafe.Pointer) string {
	switch {
	case f.stringer != nil:
		return f.call(v)
	case f.Kind == String:
		return *(*string)(v)
	case f.Kind == Bool:
		return strconv.FormatBool(*(*bool)(v))
	case f.Kind <= Int64:
		return strconv.FormatInt(int64(f.Word(v)), 10)
	default:
		return strconv.FormatUint(f.Word(v), 10)
	}
}

// Word returns the field at v, a bool or an integer, as a number. A signed integer is in two's
// complement.
func (f *Field) Word(v unsafe.Pointer) uint64 {
	switch f.Kind {
	case Bool, Uint8:
		return uint64(*(*uint8)(v))
	case Int8:
		return uint64(*(*int8)(v))
	case Int16:
		return uint64(*(*int16)(v))
	case Int32:
		return uint64(*(*int32)(v))
	case Uint16:
		return uint64(*(*uint16)(v))
	case Uint32:
		return uint64(*(*uint32)(v))
	default:
		return *(*uint64)(v)
	}
}

// stringerWords is the memory of a fmt.Stringer.
type stringerWords struct{ method, data unsafe.Pointer }

// call calls the String method of the field at v. A nil pointer and a nil interface have an empty label
// value, as if the label were missing.
//
// Only methods that take the field by value are called with a pointer into the struct. The wrapper that
// the compiler generates for this copies the field first, so the struct may be on the stack.
func (f *Field) call(v unsafe.Pointer) string {
	var (
		stringer fmt.Stringer
		data     = v
	)
	switch f.Kind {
	case CallInterface:
		if stringer = *(*fmt.Stringer)(v); stringer == nil {
			return ""
		}
		return stringer.String()
	case CallPointer:
		if data = *(*unsafe.Pointer)(v); data == nil {
			return ""
		}
	}
	*(*stringerWords)(unsafe.Pointer(&stringer)) = stringerWords{f.stringer, data}
	return stringer.String()
}
