package strictyaml

import "go.yaml.in/yaml/v3"

const (
	// maxDepth is how deep a document may be nested after aliases have been expanded. Each level takes
	// stack space.
	maxDepth = 1000
	// maxExpanded is how many values a document may have after aliases have been expanded, unless
	// aliases multiply it by less than maxGrowth.
	maxExpanded = 100_000
	maxGrowth   = 10
)

// shape is the size and depth of a node with its aliases expanded.
type shape struct {
	values, depth int
	under         bool // true while the node is being visited: an alias to it is then recursive
}

// bounded checks that aliases do not make the document endless or huge. It visits each node once.
func bounded(root *yaml.Node) *Error {
	b := bounder{shapes: make(map[*yaml.Node]shape)}
	total, err := b.shape(root, 0)
	switch {
	case err != nil:
		return err
	case total.depth > maxDepth:
		return Errorf(root, "the document is nested more than %d levels deep", maxDepth)
	case total.values > maxExpanded && total.values/maxGrowth > b.nodes:
		return Errorf(root, "aliases repeat too much: they make more than %d values of %d", maxExpanded, b.nodes)
	}
	return nil
}

type bounder struct {
	shapes map[*yaml.Node]shape
	nodes  int
}

func (b *bounder) shape(n *yaml.Node, level int) (shape, *Error) {
	if known, ok := b.shapes[n]; ok {
		if known.under {
			return shape{}, Errorf(n, "the anchor %s contains itself", quote(n.Anchor))
		}
		return known, nil
	}
	if level > maxDepth {
		return shape{}, Errorf(n, "the document is nested more than %d levels deep", maxDepth)
	}
	b.nodes++
	b.shapes[n] = shape{under: true}
	total := shape{values: 1}
	below := n.Content
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		below = []*yaml.Node{n.Alias}
	}
	for _, child := range below {
		s, err := b.shape(child, level+1)
		if err != nil {
			return shape{}, err
		}
		const most = 1 << 30 // far above maxExpanded, far below an overflow
		total.values = min(total.values+s.values, most)
		total.depth = max(total.depth, min(s.depth+1, most))
	}
	b.shapes[n] = total
	return total, nil
}

// expanded returns a copy of a node in which the aliased values replace the aliases. The node must have
// passed bounded.
func expanded(n *yaml.Node) *yaml.Node {
	c := *target(n)
	c.Anchor = ""
	c.Content = make([]*yaml.Node, len(c.Content))
	for i, child := range target(n).Content {
		c.Content[i] = expanded(child)
	}
	if len(c.Content) == 0 {
		c.Content = nil
	}
	return &c
}
