package strictyaml

import (
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// pair is a key of a mapping and its value.
type pair struct{ key, value *yaml.Node }

// pairs returns the keys and values of a mapping, including those that the key << merges into it. The
// mapping's own keys take precedence over merged keys, and keys merged earlier over keys merged later.
// pairs reports keys that occur twice.
func (d *decoder) pairs(n *yaml.Node, p *path) []pair {
	var (
		list   []pair
		merged []*yaml.Node
		first  = make(map[string]*yaml.Node, len(n.Content)/2)
	)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := target(n.Content[i]), n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.fail(n.Content[i], p, "a key must be a single value, not %s", describe(key))
			continue
		}
		if at, twice := first[key.Value]; twice {
			d.fail(n.Content[i], p.at(key.Value), "the key occurs twice, first in line %d", at.Line)
			continue
		}
		first[key.Value] = key
		if isMerge(key) {
			merged = d.sources(value, p)
		} else {
			list = append(list, pair{key, value})
		}
	}
	for _, source := range merged {
		for _, pr := range d.pairs(source, p) {
			if _, ok := first[pr.key.Value]; !ok {
				first[pr.key.Value] = pr.key
				list = append(list, pr)
			}
		}
	}
	return list
}

func isMerge(key *yaml.Node) bool { return key.Value == "<<" && key.ShortTag() == "!!merge" }

// sources returns the mappings that the value of the key << refers to.
func (d *decoder) sources(value *yaml.Node, p *path) (list []*yaml.Node) {
	value = target(value)
	all := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		all = value.Content
	}
	for _, n := range all {
		if n := target(n); n.Kind == yaml.MappingNode {
			list = append(list, n)
		} else {
			d.fail(n, p.at("<<"), "must be an alias of a mapping, or a list of them, not %s", describe(n))
		}
	}
	return list
}

// Lines returns the line of each key in the mapping that is the value of n's key. It returns an empty
// map if there is no such mapping.
func Lines(n *yaml.Node, key string) map[string]int {
	lines := make(map[string]int)
	d := decoder{told: make(map[problem]bool)}
	if n == nil {
		return lines
	}
	for _, pr := range d.pairs(target(n), nil) {
		if pr.key.Value != key || target(pr.value).Kind != yaml.MappingNode {
			continue
		}
		for _, inner := range d.pairs(target(pr.value), nil) {
			lines[inner.key.Value] = inner.key.Line
		}
	}
	return lines
}

// structs decodes a mapping into structs. Each struct receives the keys of its fields.
func (d *decoder) structs(n *yaml.Node, structs []reflect.Value, p *path) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, p, "must be a mapping, not %s", describe(n))
		return
	}
	known := make([]*fields, len(structs))
	var others bool
	for i, v := range structs {
		f, err := fieldsOf(v.Type())
		if err != nil {
			d.fail(n, p, "the program cannot decode this: %v", err)
			return
		}
		known[i] = f
		others = others || f.others()
	}
	var rest []pair
	for _, pr := range d.pairs(n, p) {
		key := pr.key.Value
		i := slices.IndexFunc(known, func(f *fields) bool { return f.byKey[key] != nil })
		switch {
		case i >= 0:
			d.value(pr.value, field(structs[i], known[i].byKey[key]), p.at(key))
		case others:
			rest = append(rest, pr)
		default:
			d.fail(pr.key, p.at(key), "%s", Unknown("key", key, keysOf(known)))
		}
	}
	for i, f := range known {
		d.others(n, rest, structs[i], f, p)
	}
}

func keysOf(known []*fields) []string {
	all := make(map[string]bool)
	for _, f := range known {
		for key := range f.byKey {
			all[key] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// others decodes the keys without a field into the map or the fields that accept arbitrary keys.
func (d *decoder) others(n *yaml.Node, rest []pair, v reflect.Value, f *fields, p *path) {
	for _, index := range f.unmarshalers {
		part := *n
		part.Content = nil
		for _, pr := range rest {
			part.Content = append(part.Content, pr.key, pr.value)
		}
		if f := field(v, index); len(rest) > 0 || f.Kind() != reflect.Pointer {
			d.value(&part, f, p)
		}
	}
	if f.inlineMap != nil && len(rest) > 0 {
		d.entries(rest, field(v, f.inlineMap), p)
	}
}

// mapping decodes a mapping into a map.
func (d *decoder) mapping(n *yaml.Node, out reflect.Value, p *path) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, p, "must be a mapping, not %s", describe(n))
		return
	}
	if out.IsNil() {
		out.Set(reflect.MakeMap(out.Type()))
	}
	d.entries(d.pairs(n, p), out, p)
}

// entries decodes keys and values into a map.
func (d *decoder) entries(pairs []pair, out reflect.Value, p *path) {
	if out.IsNil() {
		out.Set(reflect.MakeMap(out.Type()))
	}
	done := reflect.MakeMap(reflect.MapOf(out.Type().Key(), reflect.TypeFor[bool]()))
	for _, pr := range pairs {
		if d.full() {
			return
		}
		at := p.at(pr.key.Value)
		key := reflect.New(out.Type().Key()).Elem()
		before := len(d.errs)
		switch {
		case key.Kind() == reflect.Interface:
			key.Set(reflect.ValueOf(pr.key.Value))
		case d.custom(pr.key, key, at):
			// The key's type decodes the key.
		default:
			d.scalar(pr.key, key, at)
		}
		if len(d.errs) > before {
			continue
		}
		if done.MapIndex(key).IsValid() {
			d.fail(pr.key, at, "the key occurs twice")
			continue
		}
		done.SetMapIndex(key, reflect.ValueOf(true))
		value := reflect.New(out.Type().Elem()).Elem()
		d.value(pr.value, value, at)
		out.SetMapIndex(key, value)
	}
}
