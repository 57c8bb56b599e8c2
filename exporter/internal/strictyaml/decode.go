package strictyaml

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxErrors is the largest number of problems in one error.
const maxErrors = 100

// Decode decodes a node into the value that into points to. Unlike [yaml.Node.Decode], it reports each
// key that the value has no field for, along with the keys that it has, and each key that occurs twice.
// It reports all problems at once, each with file, line and the path of the key, as in
//
//	sql.yml:12: databases[0].max_conections: unknown key, did you mean max_connections? allowed are: dsn, max_connections
//
// The error joins errors of type [*Error], sorted by line. There are at most 101. After an error, into
// holds the values that could be decoded.
//
// Decode leaves values that the document does not mention as they are in into, but a list replaces a
// whole slice. An empty value sets pointers, slices, maps and interfaces to nil, and changes no other
// values. A nil node changes nothing.
//
// A type with an UnmarshalYAML or UnmarshalText method decodes its nodes itself; Decode does not check
// their keys. If the method is UnmarshalYAML(func(any) error), the function passed to it is strict, too.
// Decode resolves an alias before it calls such a method. A [yaml.Node] receives a copy of its node in
// which the aliased values replace all aliases. A method that panics counts as failed.
func Decode(file string, n *yaml.Node, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("%s: cannot decode into %T, which is not a pointer", file, into)
	}
	return run(file, n, func(d *decoder) { d.value(n, v.Elem(), nil) })
}

// DecodeParts is like [Decode], but for a mapping that configures several things: each part points to a
// struct and receives the keys of its fields. A key that no part has is an error. If several parts have
// the same key, the first one receives it; see [Keys].
func DecodeParts(file string, n *yaml.Node, parts ...any) error {
	structs := make([]reflect.Value, len(parts))
	for i, part := range parts {
		v := reflect.ValueOf(part)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return fmt.Errorf("%s: cannot decode into %T, which is not a pointer to a struct", file, part)
		}
		structs[i] = v.Elem()
	}
	return run(file, n, func(d *decoder) {
		if root := target(n); root.Kind != yaml.ScalarNode || root.ShortTag() != nullTag {
			d.structs(root, structs, nil)
		}
	})
}

// run runs decode, unless the node is nil, and returns the problems.
func run(file string, n *yaml.Node, decode func(d *decoder)) error {
	if n == nil {
		return nil
	}
	if err := bounded(n); err != nil {
		return join(located(file, "", n, err))
	}
	d := &decoder{file: file, told: make(map[problem]bool)}
	decode(d)
	if d.full() {
		d.errs = append(d.errs[:maxErrors], &Error{File: file, Line: d.errs[maxErrors-1].Line, Message: "there are more errors"})
	}
	return join(d.errs)
}

// decoder holds the state of one call of [Decode].
type decoder struct {
	file string
	errs []*Error
	told map[problem]bool
}

// problem is a problem of a node. It is reported once, even if aliases repeat the node.
type problem struct {
	n       *yaml.Node
	message string
}

func (d *decoder) full() bool { return len(d.errs) >= maxErrors }

// fail reports a problem of a node.
func (d *decoder) fail(n *yaml.Node, p *path, format string, args ...any) {
	d.failed(n, p, &Error{Message: fmt.Sprintf(format, args...)})
}

// failed reports an error that resulted from the value of a node.
func (d *decoder) failed(n *yaml.Node, p *path, err error) {
	if err == nil || d.told[problem{n, err.Error()}] {
		return
	}
	d.told[problem{n, err.Error()}] = true
	d.errs = append(d.errs, located(d.file, p.String(), n, err)...)
}

const nullTag = "!!null"

var (
	nodeType     = reflect.TypeFor[yaml.Node]()
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
)

// target returns the node that an alias refers to. It returns any other node unchanged.
func target(n *yaml.Node) *yaml.Node {
	for {
		switch {
		case n.Kind == yaml.AliasNode && n.Alias != nil:
			n = n.Alias
		case n.Kind == yaml.DocumentNode && len(n.Content) == 1:
			n = n.Content[0]
		default:
			return n
		}
	}
}

// value decodes a node into a settable value.
func (d *decoder) value(n *yaml.Node, out reflect.Value, p *path) {
	if d.full() {
		return
	}
	n = target(n)
	if out.Type() == nodeType {
		out.Set(reflect.ValueOf(*expanded(n)))
		return
	}
	if n.ShortTag() == nullTag {
		switch out.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
			out.SetZero()
		}
		return
	}
	if out.Kind() == reflect.Pointer {
		if out.IsNil() {
			out.Set(reflect.New(out.Type().Elem()))
		}
		d.value(n, out.Elem(), p)
		return
	}
	if d.custom(n, out, p) {
		return
	}
	switch out.Kind() {
	case reflect.Struct:
		if out.Type() == timeType {
			d.scalar(n, out, p)
			return
		}
		d.structs(n, []reflect.Value{out}, p)
	case reflect.Map:
		d.mapping(n, out, p)
	case reflect.Slice, reflect.Array:
		d.list(n, out, p)
	case reflect.Interface:
		d.anything(n, out, p)
	default:
		d.scalar(n, out, p)
	}
}

// custom lets a value decode its node if its type has a method for that, and reports whether it has.
func (d *decoder) custom(n *yaml.Node, out reflect.Value, p *path) bool {
	if !out.CanAddr() || out.Type() == timeType || !out.Addr().CanInterface() {
		return false
	}
	switch u := out.Addr().Interface().(type) {
	case yaml.Unmarshaler:
		d.call(n, p, func() error { return u.UnmarshalYAML(n) })
	case oldUnmarshaler:
		d.call(n, p, func() error {
			return u.UnmarshalYAML(func(into any) error { return Decode("", n, into) })
		})
	case encoding.TextUnmarshaler:
		if n.Kind != yaml.ScalarNode {
			d.fail(n, p, "must be a single value, not %s", describe(n))
			return true
		}
		d.call(n, p, func() error { return u.UnmarshalText([]byte(n.Value)) })
	default:
		return false
	}
	return true
}

// call calls a method of the program, and reports its error or panic.
func (d *decoder) call(n *yaml.Node, p *path, method func() error) {
	err := errors.New("it ended the goroutine")
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decoding it panics: %v", r)
		}
		d.failed(n, p, err)
	}()
	err = method()
}

// list decodes a list.
func (d *decoder) list(n *yaml.Node, out reflect.Value, p *path) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, p, "must be a list, not %s", describe(n))
		return
	}
	into := out
	if out.Kind() == reflect.Slice {
		into = reflect.MakeSlice(out.Type(), len(n.Content), len(n.Content))
	} else if len(n.Content) != out.Len() {
		d.fail(n, p, "must be a list of %d, not of %d", out.Len(), len(n.Content))
		return
	}
	for i, item := range n.Content {
		d.value(item, into.Index(i), p.item(i))
	}
	if out.Kind() == reflect.Slice {
		out.Set(into)
	}
}

// anything decodes a node into an interface.
func (d *decoder) anything(n *yaml.Node, out reflect.Value, p *path) {
	if out.NumMethod() > 0 {
		d.fail(n, p, "the program cannot decode into %v", out.Type())
		return
	}
	var into reflect.Value
	switch n.Kind {
	case yaml.MappingNode:
		into = reflect.New(reflect.TypeFor[map[string]any]()).Elem()
		d.mapping(n, into, p)
	case yaml.SequenceNode:
		into = reflect.New(reflect.TypeFor[[]any]()).Elem()
		d.list(n, into, p)
	default:
		v, err := plain(n)
		if err != nil {
			d.failed(n, p, err)
			return
		}
		if v == nil {
			return
		}
		into = reflect.ValueOf(v)
	}
	out.Set(into)
}
