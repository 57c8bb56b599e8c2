// Package shape determines the kind, the name and the labels of the vector, instrument or descriptor in
// an expression, as far as they are known.
package shape

import (
	"fmt"
	"slices"
	"strings"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// Shape is what is known about a vector, an instrument or a descriptor. It must not be modified.
type Shape struct {
	Kind   library.Kind // full name, or the end of it; empty if unknown
	Name   string       // the full name, or the end of it; empty if unknown
	Known  bool         // whether the labels are known
	Labels []string     // variable labels, in order, without those that are curried
	Fixed  []string     // variable labels that are curried
}

// Title returns the metric's name for messages.
func (s *Shape) Title() string {
	if s.Name == "" {
		return "the metric"
	}
	return s.Name
}

// List returns the labels for messages, such as "2 labels (method, code)".
func (s *Shape) List() string {
	switch len(s.Labels) {
	case 0:
		return "no labels"
	case 1:
		return fmt.Sprintf("1 label (%s)", s.Labels[0])
	default:
		return fmt.Sprintf("%d labels (%s)", len(s.Labels), strings.Join(s.Labels, ", "))
	}
}

// curried returns the shape of a vector in which the labels with these names are fixed. If known is
// false, the names are unknown.
func (s *Shape) curried(names []string, known bool) *Shape {
	if !known || !s.Known {
		return &Shape{Kind: s.Kind, Name: s.Name}
	}
	c := &Shape{Kind: s.Kind, Name: s.Name, Known: true, Fixed: slices.Concat(s.Fixed, names)}
	for _, l := range s.Labels {
		if !slices.Contains(names, l) {
			c.Labels = append(c.Labels, l)
		}
	}
	return c
}

// joined returns what is known about a value that has one of two shapes. Either shape may be nil.
func joined(a, b *Shape) *Shape {
	if a == nil || b == nil {
		return nil
	}
	j := &Shape{}
	if a.Kind == b.Kind {
		j.Kind = a.Kind
	}
	if a.Name == b.Name {
		j.Name = a.Name
	}
	if a.Known && b.Known && slices.Equal(a.Labels, b.Labels) && slices.Equal(a.Fixed, b.Fixed) {
		j.Known, j.Labels, j.Fixed = true, a.Labels, a.Fixed
	}
	return j
}

// Fact describes to other packages the shape of a variable, a field, or the first result of a function.
type Fact struct {
	Shape *Shape // nil if the parameter determines it
	Param int    // one more than the index of the parameter that a function returns; otherwise 0
}

// AFact marks a Fact as a fact.
func (*Fact) AFact() {}

func (f *Fact) String() string {
	if f.Shape == nil {
		return fmt.Sprintf("returns argument %d", f.Param)
	}
	text := strings.TrimSpace(fmt.Sprintf("%s %s", f.Shape.Kind, f.Shape.Name))
	if !f.Shape.Known {
		return text
	}
	return fmt.Sprintf("%s %v", text, f.Shape.Labels)
}
