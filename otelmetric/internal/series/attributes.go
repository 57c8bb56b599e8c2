package series

import (
	"reflect"
	"unsafe"

	"go.opentelemetry.io/otel/attribute"
)

// words is the memory of a set. Two sets whose words are equal are equal, whatever the types of the fields
// are, because sets are immutable.
type words [unsafe.Sizeof(attribute.Set{}) / unsafe.Sizeof(uintptr(0))]uintptr

func wordsOf(set *attribute.Set) *words { return (*words)(unsafe.Pointer(set)) }

// hash returns a hash whose upper bits have the best distribution.
func (w *words) hash() uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2⁶⁴ divided by the golden ratio
	h := uint64(0)
	for _, word := range w {
		h = (h ^ uint64(word)) * odd
	}
	return h
}

// view returns the attributes of a set, sorted by key, without copying them. It reports false if it does
// not know the set's memory layout. The attributes are read-only.
//
// A set keeps an array of attributes in an interface, and reads it with package reflect. This takes 12 ns per
// attribute. Reading the memory directly saves this time. The field is looked up once, by reflection. On each
// call, view compares the dynamic type of the field's value with array types, so a version of OpenTelemetry
// with another layout costs only time.
func view(set *attribute.Set) (attributes []attribute.KeyValue, ok bool) {
	if !dataKnown {
		return nil, false
	}
	data := (*eface)(unsafe.Add(unsafe.Pointer(set), dataOffset))
	for n, typ := range arrayTypes {
		if data.typ == typ {
			return unsafe.Slice((*attribute.KeyValue)(data.value), n), true
		}
	}
	return nil, false
}

// eface is the memory of an empty interface.
type eface struct{ typ, value unsafe.Pointer }

// dataOffset is the offset of the attributes in a set. It is valid if dataKnown is true.
var dataOffset, dataKnown = findData()

// findData finds the only field of a set whose type is an empty interface.
func findData() (offset uintptr, found bool) {
	set := reflect.TypeFor[attribute.Set]()
	for i := range set.NumField() {
		field := set.Field(i)
		if field.Type != reflect.TypeFor[any]() {
			continue
		}
		if found {
			return 0, false
		}
		offset, found = field.Offset, true
	}
	return offset, found
}

// arrayTypes are the types of attribute arrays by length. Larger sets are rare.
var arrayTypes = [...]unsafe.Pointer{
	0: typeOf([0]attribute.KeyValue{}), 1: typeOf([1]attribute.KeyValue{}), 2: typeOf([2]attribute.KeyValue{}), 3: typeOf([3]attribute.KeyValue{}),
	4: typeOf([4]attribute.KeyValue{}), 5: typeOf([5]attribute.KeyValue{}), 6: typeOf([6]attribute.KeyValue{}),
	7: typeOf([7]attribute.KeyValue{}), 8: typeOf([8]attribute.KeyValue{}), 9: typeOf([9]attribute.KeyValue{}),
	10: typeOf([10]attribute.KeyValue{}),
}

func typeOf(v any) unsafe.Pointer { return (*eface)(unsafe.Pointer(&v)).typ }
