package exporter

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/internal/redact"
)

// shown returns the configuration as YAML for people to read, without secrets. It hides values of type
// [Secret], the values of keys whose names suggest credentials, and credentials inside other texts such
// as URLs. It prefers hiding too much to hiding too little.
func (f *file) shown() (text []byte, err error) {
	defer func() {
		if r := recover(); r != nil { // The program's MarshalYAML method panicked, or YAML cannot represent a type.
			err = fmt.Errorf("the configuration cannot be shown: %v", r)
		}
	}()
	var root yaml.Node
	if err := root.Encode(f); err != nil {
		return nil, err
	}
	if f.settings != nil {
		var own yaml.Node
		if err := own.Encode(f.settings); err != nil {
			return nil, err
		}
		if own.Kind == yaml.MappingNode {
			root.Content = append(root.Content, own.Content...)
		}
	}
	if len(root.Content) == 0 {
		return nil, nil
	}
	root.Style = 0
	hide(&root, false)
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(&root); err != nil {
		return nil, err
	}
	return b.Bytes(), encoder.Close()
}

// hide replaces the secrets in a node: every value if all is true. It removes comments.
func hide(n *yaml.Node, all bool) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	switch n.Kind {
	case yaml.MappingNode:
		all = all && !isReference(n)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			hide(value, all || redact.Key(key.Value))
			hide(key, false)
		}
	case yaml.ScalarNode:
		if text := n.Value; all && n.ShortTag() != "!!null" && text != "" {
			setText(n, hidden)
		} else if safe := redact.Text(text); safe != text {
			setText(n, safe)
		}
	default:
		for _, child := range n.Content {
			hide(child, all)
		}
	}
}

func setText(n *yaml.Node, text string) {
	*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// isReference reports whether a mapping names the place of a secret: {env: NAME} or {file: path}.
func isReference(n *yaml.Node) bool {
	return len(n.Content) == 2 && slices.Contains([]string{"env", "file"}, n.Content[0].Value) && n.Content[1].Kind == yaml.ScalarNode
}
