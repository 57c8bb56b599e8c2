// Package descs indexes collectors by the descriptors that they announce, and decides whether another
// collector can be registered beside them. It has the rules and error texts of a client_golang registry, with
// one difference: a name is free as soon as no descriptor has it any more, so that it may come back with
// another help or other labels.
package descs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Desc is what an [Index] must know about a descriptor.
type Desc struct {
	// ID is the same for descriptors of the same series: those with the same name and the same values of
	// the constant labels.
	ID string
	// Name is the name of the family.
	Name string
	// Dimensions is the same for descriptors that may share a name: those with the same help, unit, and
	// names of constant and of variable labels.
	Dimensions string
	// Printed is the descriptor's text in errors.
	Printed fmt.Stringer
	// Invalid is the error to return for the descriptor, or nil if the descriptor is valid.
	Invalid error
}

// NewDesc returns a valid [Desc]. constant and values are the names and values of the constant labels,
// sorted by name.
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

// The separators are not valid UTF-8, so no label name or value contains them.
const (
	separator   = "\xff"
	idSeparator = "\xfe"
)

// join joins strings such that different lists give different results.
func join(first string, more ...string) string {
	var b strings.Builder
	b.WriteString(first)
	for _, s := range more {
		b.WriteString(separator)
		b.WriteString(s)
	}
	return b.String()
}

// Index holds holders, such as registered collectors, by the descriptors that they were added with. It does
// not hold holders without descriptors. An Index is not safe for concurrent use.
type Index[H any] struct {
	holders map[string]H     // by the set of their IDs
	ids     map[string]int   // number of holders with that descriptor; 1 if Check has allowed all of them
	names   map[string]*name // names that are taken
}

// name is a name that is taken.
type name struct {
	dimensions string
	descs      int // number of descriptors that have it
}

// New returns an empty [Index].
func New[H any]() *Index[H] {
	return &Index[H]{make(map[string]H), make(map[string]int), make(map[string]*name)}
}

// Check returns nil if a holder with these descriptors may be added. If another one has exactly the same
// descriptors, known is true and existing is that holder.
func (x *Index[H]) Check(descs []Desc) (existing H, known bool, err error) {
	var duplicate error
	dimensions := make(map[string]string, len(descs)) // dimensions of new names
	for _, d := range descs {
		if d.Invalid != nil {
			return existing, false, d.Invalid
		}
		if _, taken := x.ids[d.ID]; taken {
			duplicate = fmt.Errorf("descriptor %s already exists with the same fully-qualified name and const label values", d.Printed)
		}
		if taken, ok := x.names[d.Name]; ok {
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
	if existing, known = x.Find(descs); known {
		return existing, true, nil
	}
	return existing, false, duplicate
}

// Find returns the holder with exactly these descriptors, in any order. It ignores invalid ones.
func (x *Index[H]) Find(descs []Desc) (H, bool) {
	h, ok := x.holders[setOf(descs)]
	return h, ok
}

// Add adds a holder that [Index.Check] has allowed.
func (x *Index[H]) Add(descs []Desc, h H) {
	if len(descs) == 0 {
		return
	}
	x.holders[setOf(descs)] = h
	for _, d := range descs {
		x.ids[d.ID]++
		if n, ok := x.names[d.Name]; ok {
			n.descs++
		} else {
			x.names[d.Name] = &name{d.Dimensions, 1}
		}
	}
}

// Remove removes the holder that was added with these descriptors.
func (x *Index[H]) Remove(descs []Desc) {
	if len(descs) == 0 {
		return
	}
	delete(x.holders, setOf(descs))
	for _, d := range descs {
		if x.ids[d.ID]--; x.ids[d.ID] == 0 {
			delete(x.ids, d.ID)
		}
		n := x.names[d.Name]
		if n.descs--; n.descs == 0 {
			delete(x.names, d.Name)
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

// Len returns the number of names taken and the number of holders.
func (x *Index[H]) Len() (names, holders int) { return len(x.names), len(x.holders) }
