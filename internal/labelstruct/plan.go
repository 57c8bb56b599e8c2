package labelstruct

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

const allowed = "a label value is a string, an integer, a bool, a type with a String method, or a struct of these"

// Of returns the plan for structs of type t. reserved are names that their labels must not have. An
// error names the first invalid field by the Go names that lead to it.
//
// The tag of a field is the name of its label. Without a tag, the label has the name of the field in
// snake case. The fields of a struct inside the struct are labels, too, with the name of the outer
// field as a prefix, unless the outer field is embedded and has no tag. The tag "-" omits a field.
func Of(t reflect.Type, reserved ...string) (*Plan, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("labels cannot be of type %v, which is %s: it must be a struct with a field for each label", t, described(t))
	}
	c := compiler{plan: new(Plan), reserved: reserved}
	err := c.structOf(t, scope{})
	if err == nil && len(c.plan.Fields) == 0 {
		err = errors.New("it has no field that is a label, and needs at least one: a metric without labels needs no vector")
	}
	if err != nil {
		return nil, fmt.Errorf("labels cannot be of type %v: %w", t, err)
	}
	return c.plan, nil
}

type compiler struct {
	plan     *Plan
	reserved []string
}

// scope is the position of a struct inside the whole struct.
type scope struct {
	path   string // Go names, each followed by a dot
	prefix string // prefix of the label names, with an underscore after each
	offset uintptr
}

// structOf adds the fields of t.
func (c *compiler) structOf(t reflect.Type, in scope) error {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("label")
		if f.Name == "_" || tag == "-" {
			continue
		}
		nested := f.Type.Kind() == reflect.Struct && !isStringer(f.Type)
		path, offset := in.path+f.Name, in.offset+f.Offset
		err := checkTag(f, tag, tagged, nested)
		if err == nil && !nested {
			err = c.add(f.Type, Field{Name: in.prefix + cmp.Or(tag, snakeCase(f.Name)), Path: path, Offset: offset})
		}
		if err != nil {
			return fmt.Errorf("field %s %w", path, err)
		}
		if !nested {
			continue
		}
		inner := scope{path + ".", in.prefix, offset}
		if tagged || !f.Anonymous {
			inner.prefix += cmp.Or(tag, snakeCase(f.Name)) + "_"
		}
		if err := c.structOf(f.Type, inner); err != nil {
			return err
		}
	}
	return nil
}

func checkTag(f reflect.StructField, tag string, tagged, nested bool) error {
	switch {
	case !tagged && !f.IsExported() && (!f.Anonymous || !nested):
		return fmt.Errorf(`is not exported and has no tag: export it, name the label with a tag such as label:"%s", or leave the field out with label:"-"`,
			snakeCase(f.Name))
	case tagged && tag == "":
		return errors.New(`has the tag label:"", which is no name: give one, or leave the field out with label:"-"`)
	case strings.Contains(tag, ","):
		return fmt.Errorf("has the tag label:%q with a comma: the tag is the name of the label, and takes no options", tag)
	default:
		return nil
	}
}

// add adds the field f, whose type is t.
func (c *compiler) add(t reflect.Type, f Field) error {
	kind, ok := kindOf(t)
	if !ok {
		return fmt.Errorf("is of type %v: %s", t, allowed)
	}
	f.Kind = kind
	if err := c.checkName(f.Name); err != nil {
		return err
	}
	f.stringer = stringerOf(t)
	if f.IsCall() {
		c.plan.Calls++
	}
	c.plan.Fields = append(c.plan.Fields, f)
	return nil
}

// described describes t for a reader who may know only its name.
func described(t reflect.Type) string {
	kind := t.Kind().String()
	switch {
	case t.Kind() == reflect.Pointer:
		return "a pointer"
	case strings.ContainsRune("aiu", rune(kind[0])):
		return "an " + kind
	default:
		return "a " + kind
	}
}
