package instrument

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Shape lists all properties of an instrument that must be equal when its name is requested again, as
// text. The first trait is the kind, if it is known.
type Shape []Trait

// Trait is a property of an instrument and its value.
type Trait struct{ Name, Value string }

const kindTrait = "kind"

func (c *stripedCounter) ownShape() Shape { return c.Counter.ownShape() }
func (c *Counter) ownShape() Shape        { return familyShape("counter", c.family, nil) }
func (g *Gauge) ownShape() Shape          { return familyShape("gauge", g.family, nil) }

func (h *Histogram) ownShape() Shape {
	return append(familyShape("histogram", h.family, nil), h.shape.traits()...)
}

func (s *Summary) ownShape() Shape {
	made := familyShape("summary", s.family, nil)
	if s.window != nil {
		made = append(made, s.window.shape.traits()...)
	}
	return made
}

// ownShape includes the first info labels. Otherwise code that asks for the name again could get an
// info with other labels than it has passed.
func (i *Info) ownShape() Shape {
	made := append(familyShape("info", i.family, nil), i.family.info.traits()...)
	if first := i.family.info.first; first != "" {
		made = append(made, Trait{"values", first})
	}
	return made
}

func (s *StateSet) ownShape() Shape {
	return append(familyShape("state set", s.family, nil), s.family.states.traits()...)
}

func (v *Vec[C, P]) ownShape() Shape {
	made := familyShape(v.family.Type.String()+" vector", v.family, v.curried)
	if v.traits != nil {
		made = append(made, v.traits()...)
	}
	return made
}

func familyShape(kind string, f *family, curried []curriedLabel) Shape {
	names := slices.Clone(f.names())
	for _, c := range curried {
		names[c.index] += "=" + strconv.Quote(c.value)
	}
	return append(Shape{{kindTrait, kind}}, CommonTraits(f.Help, f.Unit, names)...)
}

// CommonTraits returns the traits in a descriptor. The order of the labels matters, because it
// determines the order of their values.
func CommonTraits(help, unit string, labels []string) []Trait {
	traits := []Trait{{"help", strconv.Quote(help)}}
	if unit != "" {
		traits = append(traits, Trait{"unit", strconv.Quote(unit)})
	}
	if len(labels) > 0 {
		traits = append(traits, Trait{"labels", fmt.Sprint(labels)})
	}
	return traits
}

func (s *histogramShape) traits() []Trait {
	traits := []Trait{{"buckets", fmt.Sprint(s.bounds.upper)}}
	if s.native != nil {
		traits = append(traits, Trait{"native buckets", fmt.Sprintf("of schema %d", s.native.Schema)})
	}
	return traits
}

// traits returns no traits without objectives: the window does not matter then.
func (s *summaryShape) traits() []Trait {
	if len(s.objectives) == 0 {
		return nil
	}
	return []Trait{
		{"objectives", strings.TrimPrefix(fmt.Sprint(s.objectives), "map")},
		{"window", fmt.Sprintf("%v in %d steps", s.step*time.Duration(s.steps), s.steps)},
	}
}

func (s *infoShape) traits() []Trait {
	return []Trait{{"info labels", fmt.Sprint(s.names)}}
}

func (s *stateShape) traits() []Trait {
	traits := []Trait{{"states", fmt.Sprintf("%q", s.names)}}
	if s.initial != "" {
		traits = append(traits, Trait{"initial state", strconv.Quote(s.initial)})
	}
	return traits
}

// String formats the shape for use in a sentence: counter vector with help "…", labels [a b].
func (s Shape) String() string {
	var b strings.Builder
	separator := " with "
	for i, t := range s {
		if i == 0 && t.Name == kindTrait {
			b.WriteString(t.Value)
			continue
		}
		b.WriteString(separator + t.Name + " " + t.Value)
		separator = ", "
	}
	return strings.TrimPrefix(b.String(), " ")
}

// WithArticle is [Shape.String] preceded by the article of the kind.
func (s Shape) WithArticle() string {
	text := s.String()
	if strings.HasPrefix(text, "info") {
		return "an " + text
	}
	return "a " + text
}

// Differences returns the names of the traits in which s and other differ.
func (s Shape) Differences(other Shape) []string {
	var names []string
	for _, t := range slices.Concat(s, other) {
		if slices.Contains(s, t) != slices.Contains(other, t) && !slices.Contains(names, t.Name) {
			names = append(names, t.Name)
		}
	}
	return names
}
