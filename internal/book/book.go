// Package book keeps record of what is registered by what it describes, and decides whether
// something else can be registered beside it. The rules and the words are those of a registry
// of client_golang, with one difference: a name is free as soon as nothing describes it any
// more, so that it may come back with another help or other labels.
package book

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Desc is what the book has to know of a descriptor.
type Desc struct {
	// ID is the same for descriptors of the same series: those with the same name and the
	// same values of the constant labels.
	ID string
	// Name is the name of the family.
	Name string
	// Dimensions is the same for descriptors that may share a name: those with the same
	// help, unit and names of labels, of each kind.
	Dimensions string
	// Printed is how errors call the descriptor.
	Printed fmt.Stringer
	// Invalid is the error to return for the descriptor, or nil if it is valid.
	Invalid error
}

// NewDesc returns a valid Desc. The constant labels are given by two slices, sorted by name.
func NewDesc(printed fmt.Stringer, name, help, unit string, constant, values, variable []string) Desc {
	dimensions := make([]string, 0, len(constant)+len(variable))
	dimensions = append(dimensions, constant...)
	for _, label := range variable {
		dimensions = append(dimensions, "$"+label)
	}
	slices.Sort(dimensions)
	return Desc{
		ID:         join(name, values...),
		Name:       name,
		Dimensions: join(strconv.Quote(help)+strconv.Quote(unit), dimensions...),
		Printed:    printed,
	}
}

// The separators are not valid UTF-8, and so are in no name of a label and in none of their
// values.
const (
	separator   = "\xff"
	idSeparator = "\xfe"
)

// join returns a text that is different for different strings.
func join(first string, more ...string) string {
	var b strings.Builder
	b.WriteString(first)
	for _, s := range more {
		b.WriteString(separator)
		b.WriteString(s)
	}
	return b.String()
}

// Book is a book of holders, each with the descriptors that it was added with. Holders
// without descriptors are not in the book. It is not safe for concurrent use.
type Book[H any] struct {
	holders map[string]H     // By the set of their IDs.
	ids     map[string]int   // How many holders have a descriptor with that ID: one, unless Add was not allowed.
	names   map[string]*name // By name.
}

// name is a name that is taken.
type name struct {
	dimensions string
	descs      int // How many descriptors have it.
}

// New returns an empty book.
func New[H any]() *Book[H] {
	return &Book[H]{make(map[string]H), make(map[string]int), make(map[string]*name)}
}

// Check returns nil if a holder with these descriptors may be added. If another one has just
// the same descriptors, known is true and existing is that one.
func (b *Book[H]) Check(descs []Desc) (existing H, known bool, err error) {
	var duplicate error
	dimensions := make(map[string]string, len(descs)) // Of names that are new.
	for _, d := range descs {
		if d.Invalid != nil {
			return existing, false, d.Invalid
		}
		if _, taken := b.ids[d.ID]; taken {
			duplicate = fmt.Errorf("descriptor %s already exists with the same fully-qualified name and const label values", d.Printed)
		}
		if taken, ok := b.names[d.Name]; ok {
			if taken.dimensions != d.Dimensions {
				return existing, false, fmt.Errorf("a previously registered descriptor with the same fully-qualified name as %s has different label names or a different help string", d.Printed)
			}
			continue
		}
		if own, ok := dimensions[d.Name]; ok {
			if own != d.Dimensions {
				return existing, false, fmt.Errorf("descriptors reported by collector have inconsistent label names or help strings for the same fully-qualified name, offender is %s", d.Printed)
			}
			continue
		}
		dimensions[d.Name] = d.Dimensions
	}
	if existing, known = b.Find(descs); known {
		return existing, true, nil
	}
	return existing, false, duplicate
}

// Find returns the holder with just these descriptors, in whatever order. It ignores invalid ones.
func (b *Book[H]) Find(descs []Desc) (H, bool) {
	h, ok := b.holders[setOf(descs)]
	return h, ok
}

// Add adds a holder that Check has allowed.
func (b *Book[H]) Add(descs []Desc, h H) {
	if len(descs) == 0 {
		return
	}
	b.holders[setOf(descs)] = h
	for _, d := range descs {
		b.ids[d.ID]++
		if n, ok := b.names[d.Name]; ok {
			n.descs++
		} else {
			b.names[d.Name] = &name{d.Dimensions, 1}
		}
	}
}

// Remove removes the holder that was added with these descriptors.
func (b *Book[H]) Remove(descs []Desc) {
	if len(descs) == 0 {
		return
	}
	delete(b.holders, setOf(descs))
	for _, d := range descs {
		if b.ids[d.ID]--; b.ids[d.ID] == 0 {
			delete(b.ids, d.ID)
		}
		n := b.names[d.Name]
		if n.descs--; n.descs == 0 {
			delete(b.names, d.Name)
		}
	}
}

// setOf returns a text that is the same for the same set of IDs of valid descriptors.
func setOf(descs []Desc) string {
	if len(descs) == 1 && descs[0].Invalid == nil {
		return descs[0].ID
	}
	ids := make([]string, 0, len(descs))
	for _, d := range descs {
		if d.Invalid == nil {
			ids = append(ids, d.ID)
		}
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), idSeparator)
}

// Len returns how many names are taken, and how many holders there are.
func (b *Book[H]) Len() (names, holders int) { return len(b.names), len(b.holders) }
