package strictyaml

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fields are the keys that a struct accepts, by the rules of yaml.v3.
type fields struct {
	byKey        map[string][]int // index of each key's field
	inlineMap    []int            // index of the map for all other keys, or nil
	unmarshalers [][]int          // inline fields that decode all other keys themselves
}

// others reports whether the struct accepts arbitrary keys.
func (f *fields) others() bool { return f.inlineMap != nil || len(f.unmarshalers) > 0 }

// Keys returns the keys of the structs that parts point to, in order. It returns an error if a part is
// not such a pointer, or if two fields have the same key.
func Keys(parts ...any) ([]string, error) {
	owner := make(map[string]reflect.Type)
	for _, part := range parts {
		t := reflect.TypeOf(part)
		if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
			return nil, fmt.Errorf("%T is not a pointer to a struct", part)
		}
		f, err := fieldsOf(t.Elem())
		if err != nil {
			return nil, err
		}
		for key := range f.byKey {
			if other, taken := owner[key]; taken {
				return nil, fmt.Errorf("the key %q is one of %v and of %v", key, other, t.Elem())
			}
			owner[key] = t.Elem()
		}
	}
	return slices.Sorted(maps.Keys(owner)), nil
}

// fieldsOf returns the keys of a struct type. An error is a mistake in the program.
func fieldsOf(t reflect.Type) (*fields, error) { return fieldsIn(t, nil) }

// fieldsIn is fieldsOf for a struct that is an inline field of the structs in outer.
func fieldsIn(t reflect.Type, outer []reflect.Type) (*fields, error) {
	if slices.Contains(outer, t) {
		return nil, fmt.Errorf("%v is inline in itself", t)
	}
	f := &fields{byKey: make(map[string][]int)}
	for i := range t.NumField() {
		if err := f.add(t, i, outer); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// add adds the field with index i of t.
func (f *fields) add(t reflect.Type, i int, outer []reflect.Type) error {
	field := t.Field(i)
	tag := field.Tag.Get("yaml")
	key, flags, _ := strings.Cut(tag, ",")
	if tag == "-" || !field.IsExported() && !field.Anonymous {
		return nil
	}
	if slices.Contains(strings.Split(flags, ","), "inline") {
		return f.addInline(t, field, outer)
	}
	if !field.IsExported() {
		return nil // An unexported field cannot be decoded into.
	}
	if key == "" {
		key = strings.ToLower(field.Name)
	}
	return f.put(t, key, []int{i})
}

func (f *fields) put(t reflect.Type, key string, index []int) error {
	if _, taken := f.byKey[key]; taken {
		return fmt.Errorf("%v has several fields of the key %q", t, key)
	}
	f.byKey[key] = index
	return nil
}

// addInline adds the keys of an inline field of t.
func (f *fields) addInline(t reflect.Type, field reflect.StructField, outer []reflect.Type) error {
	inner := field.Type
	if inner.Kind() == reflect.Map && field.IsExported() {
		if inner.Key().Kind() != reflect.String || f.inlineMap != nil {
			return fmt.Errorf("field %s of %v: an inline map must have strings as keys, and be the only one", field.Name, t)
		}
		f.inlineMap = field.Index
		return nil
	}
	if inner.Kind() == reflect.Pointer && field.IsExported() {
		inner = inner.Elem()
	}
	if inner.Kind() != reflect.Struct {
		return fmt.Errorf("field %s of %v: only structs, pointers to them, and maps can be inline", field.Name, t)
	}
	if isUnmarshaler(reflect.PointerTo(inner)) {
		if !field.IsExported() {
			return fmt.Errorf("field %s of %v: an inline field with an UnmarshalYAML method must be exported", field.Name, t)
		}
		f.unmarshalers = append(f.unmarshalers, field.Index)
		return nil
	}
	in, err := fieldsIn(inner, append(slices.Clone(outer), t))
	if err != nil {
		return err
	}
	below := func(index []int) []int { return append(slices.Clone(field.Index), index...) }
	for _, key := range slices.Sorted(maps.Keys(in.byKey)) {
		if err := f.put(t, key, below(in.byKey[key])); err != nil {
			return err
		}
	}
	if in.inlineMap != nil {
		if f.inlineMap != nil {
			return fmt.Errorf("%v has several inline maps", t)
		}
		f.inlineMap = below(in.inlineMap)
	}
	for _, index := range in.unmarshalers {
		f.unmarshalers = append(f.unmarshalers, below(index))
	}
	return nil
}

// field returns the field of a struct at an index. It allocates the structs behind nil pointers on the
// way.
func field(v reflect.Value, index []int) reflect.Value {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v
}

// oldUnmarshaler is the interface that yaml.v2 used for UnmarshalYAML.
type oldUnmarshaler interface {
	UnmarshalYAML(unmarshal func(any) error) error
}

var (
	unmarshalerType    = reflect.TypeFor[yaml.Unmarshaler]()
	oldUnmarshalerType = reflect.TypeFor[oldUnmarshaler]()
)

func isUnmarshaler(t reflect.Type) bool {
	return t.Implements(unmarshalerType) || t.Implements(oldUnmarshalerType)
}
