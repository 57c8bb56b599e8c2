package probe

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// module is a module in a [Set].
type module struct {
	Module
	prober string
	run    Func
	pool   *pool // changed only by Handler.Use before the Set is in use
}

// common holds the keys that all modules have.
type common struct {
	Prober  string        `yaml:"prober"`
	Timeout time.Duration `yaml:"timeout"`
}

// checkSettings returns an error if the settings of a prober cannot be decoded from a module.
func checkSettings(p Prober) error {
	if p.Settings == nil {
		return nil
	}
	made, err := try(func() (any, error) { return p.Settings(), nil })
	if err != nil {
		return fmt.Errorf("the settings of prober %q: %w", p.Name, err)
	}
	v := reflect.ValueOf(made)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("the settings of prober %q are a %T; they must be a pointer to a struct", p.Name, made)
	}
	if _, err := strictyaml.Keys(&common{}, made); err != nil {
		return fmt.Errorf("the settings of prober %q: %w; all modules have the keys prober and timeout", p.Name, err)
	}
	return nil
}

// prepareModules checks the modules of a configuration, and makes their functions.
func (h *Handler) prepareModules(file string, nodes map[string]yaml.Node) (map[string]*module, error) {
	all := make(map[string]*module)
	var errs []error
	names := slices.SortedFunc(maps.Keys(nodes), func(a, b string) int {
		return cmp.Or(cmp.Compare(nodes[a].Line, nodes[b].Line), cmp.Compare(a, b))
	})
	for _, name := range names {
		node := nodes[name]
		m, err := h.prepareModule(file, name, &node)
		if err != nil {
			errs = append(errs, strictyaml.At(file, "modules."+name, &node, err))
			continue
		}
		all[name] = m
	}
	if len(nodes) == 0 && len(h.probers) == 1 {
		m, err := h.prepareModule(file, defaultModule, &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"})
		if err == nil {
			all[defaultModule] = m
		}
		// The prober does not work without settings, so there is no default module.
	}
	return all, errors.Join(errs...)
}

func (h *Handler) prepareModule(file, name string, node *yaml.Node) (*module, error) {
	if name == "" {
		return nil, strictyaml.Errorf(node, "a module must have a name")
	}
	prober, err := h.proberOf(node)
	if err != nil {
		return nil, err
	}
	var keys common
	m := &module{Module: Module{Name: name}, prober: prober.Name}
	parts := []any{&keys}
	if prober.Settings != nil {
		if m.Settings, err = try(func() (any, error) { return prober.Settings(), nil }); err != nil {
			return nil, strictyaml.Errorf(node, "the settings of prober %q: %w", prober.Name, err)
		}
		parts = append(parts, m.Settings)
	}
	if err := strictyaml.DecodeParts(file, node, parts...); err != nil {
		return nil, err
	}
	if keys.Timeout < 0 {
		return nil, strictyaml.Errorf(valueOf(node, "timeout"), "timeout is %v; it must be positive, as in 5s", keys.Timeout)
	}
	m.Timeout = keys.Timeout
	if m.run, err = try(func() (Func, error) { return prober.New(&m.Module) }); err == nil && m.run == nil {
		err = errors.New("it has made no function")
	}
	if err != nil {
		return nil, strictyaml.Errorf(node, "prober %q: %w", prober.Name, err)
	}
	m.Name, m.Timeout = name, keys.Timeout // New must not change them.
	return m, nil
}

// proberOf returns the prober of a module.
func (h *Handler) proberOf(node *yaml.Node) (Prober, error) {
	known := slices.Sorted(maps.Keys(h.probers))
	value := valueOf(node, "prober")
	if value == nil {
		if len(known) == 1 {
			return h.probers[known[0]], nil
		}
		return Prober{}, strictyaml.Errorf(node, "prober is missing; allowed are: %s", strings.Join(known, ", "))
	}
	if p, ok := h.probers[value.Value]; ok && value.Kind == yaml.ScalarNode {
		return p, nil
	}
	if len(known) == 1 && known[0] == "" {
		return Prober{}, strictyaml.Errorf(value, "unknown prober %q; the program has only one prober, so remove the key", value.Value)
	}
	return Prober{}, strictyaml.Errorf(value, "%s", strictyaml.Unknown(fmt.Sprintf("prober %q", bounded(value.Value)), value.Value, known))
}

// maxMerges limits how deeply merge keys may be nested.
const maxMerges = 100

// valueOf returns the value of a key in a mapping or in the mappings that it merges, or nil.
func valueOf(node *yaml.Node, key string) *yaml.Node { return mergedValue(node, key, maxMerges) }

func mergedValue(node *yaml.Node, key string, depth int) *yaml.Node {
	node = resolved(node)
	if depth == 0 || node == nil {
		return nil
	}
	var merged *yaml.Node
	switch node.Kind {
	case yaml.SequenceNode: // the value of a merge key
		for _, one := range node.Content {
			if v := mergedValue(one, key, depth-1); v != nil {
				return v
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			switch k := node.Content[i]; {
			case k.Value == key:
				return resolved(node.Content[i+1])
			case k.Tag == "!!merge" && merged == nil:
				merged = mergedValue(node.Content[i+1], key, depth-1)
			}
		}
	}
	return merged
}

// resolved returns the node that an alias refers to, and any other node unchanged.
func resolved(node *yaml.Node) *yaml.Node {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// try calls a function of the program, and returns a panic as an error.
func try[T any](f func() (T, error)) (made T, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("it panicked: %v", reason)
		}
	}()
	return f()
}
