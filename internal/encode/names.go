package encode

import "fmt"

// names sees to it that no two families of an exposition have the same name once
// their names are escaped. A name that need not be escaped costs no more than its
// place in a list, until one comes that has to be.
type names struct {
	plain []string          // The names so far, if none of them had to be escaped.
	taken map[string]string // Otherwise: the family's name by the escaped one.
}

// claim records a family's name. It is an error if another family has the same
// escaped one.
func (n *names) claim(name, escaped string) error {
	if n.taken == nil {
		if name == escaped {
			n.plain = append(n.plain, name)
			return nil
		}
		n.taken = make(map[string]string, len(n.plain)+1)
		for _, plain := range n.plain {
			n.taken[plain] = plain
		}
	}
	if other, ok := n.taken[escaped]; ok && other != name {
		return fmt.Errorf("after escaping, its name is %s, which is taken by the family %q", escaped, other)
	}
	n.taken[escaped] = name
	return nil
}

func (n *names) reset() {
	clear(n.plain)
	n.plain, n.taken = n.plain[:0], nil
}
