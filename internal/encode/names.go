package encode

import "fmt"

// names ensures that no two families of an exposition have the same name after escaping. A name that
// needs no escaping costs only its place in a list, until the first name that needs escaping.
type names struct {
	plain []string          // names so far, if none of them needed escaping
	taken map[string]string // otherwise, family names by escaped name
}

// claim records a family's name. It returns an error if another family has the same escaped name.
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
