package relabel

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// An item is a step whose YAML has been read but not yet decoded.
type item struct {
	line   int
	fields map[string]field
	err    error // why the item could not be read
}

// A field is a value of an item: a text, a list of texts, or null.
type field struct {
	kind   fieldKind
	text   string
	list   []field
	quoted bool // whether the text is in quotes, so that it is not a number
}

type fieldKind uint8

const (
	nullField fieldKind = iota
	textField
	listField
	otherField // a value that no step has, such as a mapping
)

// maxMerges limits the depth of merged mappings.
const maxMerges = 8

// itemsOf reads a list of steps.
func itemsOf(list *yaml.Node) ([]item, error) {
	if list == nil {
		return nil, nil
	}
	list = resolve(list)
	switch {
	case isNull(list):
		return nil, nil
	case list.Kind != yaml.SequenceNode:
		return nil, fmt.Errorf("line %d: a list of rules is expected", list.Line)
	}
	items := make([]item, len(list.Content))
	for i, node := range list.Content {
		items[i] = itemOf(node)
	}
	return items, nil
}

func itemOf(node *yaml.Node) item {
	read := item{line: node.Line}
	node = resolve(node)
	switch {
	case isNull(node):
		read.err = errors.New("the rule is empty")
	case node.Kind != yaml.MappingNode:
		read.err = errors.New("a rule is a mapping with keys such as action and regex")
	default:
		read.fields = make(map[string]field)
		read.err = addFields(read.fields, node, 0)
	}
	return read
}

// addFields adds the fields of a mapping that fields does not have yet.
func addFields(fields map[string]field, mapping *yaml.Node, depth int) error {
	if mapping.Kind != yaml.MappingNode || depth > maxMerges {
		return fmt.Errorf("line %d: << merges mappings, up to %d deep", mapping.Line, maxMerges)
	}
	var (
		own    = make(map[string]bool)
		merged []*yaml.Node
	)
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := resolve(mapping.Content[i]), resolve(mapping.Content[i+1])
		switch {
		case key.Kind != yaml.ScalarNode:
			return fmt.Errorf("line %d: the name of a field is a text", key.Line)
		case key.ShortTag() == "!!merge":
			merged = append(merged, value)
			continue
		case own[key.Value]:
			return fmt.Errorf("field %s is there twice", key.Value)
		}
		own[key.Value] = true
		if _, ok := fields[key.Value]; !ok {
			fields[key.Value] = fieldOf(value, true)
		}
	}
	for _, value := range merged {
		sources := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			sources = value.Content
		}
		for _, source := range sources {
			if err := addFields(fields, resolve(source), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// fieldOf reads a value. The value may be a list if lists is set.
func fieldOf(node *yaml.Node, lists bool) field {
	node = resolve(node)
	switch {
	case node.Style&yaml.TaggedStyle != 0 && node.ShortTag() != "!!str":
		return field{kind: otherField}
	case isNull(node):
		return field{kind: nullField}
	case node.Kind == yaml.ScalarNode:
		const quotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle | yaml.TaggedStyle
		return field{kind: textField, text: node.Value, quoted: node.Style&quotes != 0}
	case node.Kind == yaml.SequenceNode && lists:
		f := field{kind: listField, list: make([]field, len(node.Content))}
		for i, one := range node.Content {
			f.list[i] = fieldOf(one, false)
		}
		return f
	default:
		return field{kind: otherField}
	}
}

// resolve returns the node that an alias refers to.
func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Style&yaml.TaggedStyle == 0 && node.ShortTag() == "!!null"
}

// itemsFrom reads a list of steps from any YAML package, through its unmarshal function.
func itemsFrom(unmarshal func(any) error) ([]item, error) {
	var nodes []yaml.Node
	if err := unmarshal(&nodes); err == nil && !slices.ContainsFunc(nodes, isForeign) {
		items := make([]item, len(nodes))
		for i := range nodes {
			items[i] = itemOf(&nodes[i])
		}
		return items, nil
	}
	var maps []map[string]foreignField
	if err := unmarshal(&maps); err != nil {
		return nil, err
	}
	items := make([]item, len(maps))
	for i, fields := range maps {
		if fields == nil {
			items[i].err = errors.New("the rule is empty")
			continue
		}
		items[i].fields = make(map[string]field, len(fields))
		for name, f := range fields {
			items[i].fields[name] = field(f)
		}
	}
	return items, nil
}

// isForeign reports whether another YAML package has decoded into node as into any other struct.
func isForeign(node yaml.Node) bool { return node.Kind == 0 }

// foreignField is a field that another YAML package decodes. Such packages leave it unchanged if the value
// is null, and pass a number as it was written.
type foreignField field

// UnmarshalYAML reads a text or a list of texts.
func (f *foreignField) UnmarshalYAML(unmarshal func(any) error) error {
	var (
		text *string
		list []*string
	)
	switch {
	case unmarshal(&text) == nil:
		*f = foreignField(textOrNull(text))
	case unmarshal(&list) == nil:
		f.kind, f.list = listField, make([]field, len(list))
		for i := range list {
			f.list[i] = textOrNull(list[i])
		}
	default:
		f.kind = otherField
	}
	return nil
}

func textOrNull(text *string) field {
	if text == nil {
		return field{}
	}
	return field{kind: textField, text: *text}
}
