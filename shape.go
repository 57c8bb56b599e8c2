package metric

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shape is everything about an instrument that has to agree when its name is asked for
// again, put into words. The first trait is the kind, if it is known.
type shape []trait

type trait struct{ name, value string }

const kindTrait = "kind"

func (c *loneCounter) ownShape() shape { return c.counter.ownShape() }
func (c *counter) ownShape() shape     { return familyShape("counter", c.family, nil) }
func (g *gauge) ownShape() shape       { return familyShape("gauge", g.family, nil) }

func (h *histogram) ownShape() shape {
	return append(familyShape("histogram", h.family, nil), h.shape.traits()...)
}

func (s *summary) ownShape() shape {
	made := familyShape("summary", s.family, nil)
	if s.window != nil {
		made = append(made, s.window.shape.traits()...)
	}
	return made
}

func (v *CounterVec) ownShape() shape {
	return familyShape("counter vector", v.vec.family, v.vec.curried)
}

func (v *GaugeVec) ownShape() shape {
	return familyShape("gauge vector", v.vec.family, v.vec.curried)
}

func (v *HistogramVec) ownShape() shape {
	return append(familyShape("histogram vector", v.vec.family, v.vec.curried), v.shape.traits()...)
}

func (v *SummaryVec) ownShape() shape {
	return append(familyShape("summary vector", v.vec.family, v.vec.curried), v.shape.traits()...)
}

func familyShape(kind string, f *family, curried []curriedLabel) shape {
	names := slices.Clone(f.names())
	for _, c := range curried {
		names[c.index] += "=" + strconv.Quote(c.value)
	}
	return append(shape{{kindTrait, kind}}, commonTraits(f.Help, f.Unit, names)...)
}

// commonTraits returns the traits that a descriptor tells. The order of the labels
// counts, because that of their values does.
func commonTraits(help, unit string, labels []string) []trait {
	traits := []trait{{"help", strconv.Quote(help)}}
	if unit != "" {
		traits = append(traits, trait{"unit", strconv.Quote(unit)})
	}
	if len(labels) > 0 {
		traits = append(traits, trait{"labels", fmt.Sprint(labels)})
	}
	return traits
}

func (s *histogramShape) traits() []trait {
	traits := []trait{{"buckets", fmt.Sprint(s.bounds.upper)}}
	if s.native != nil {
		traits = append(traits, trait{"native buckets", fmt.Sprintf("of schema %d", s.native.Schema)})
	}
	return traits
}

// traits returns none without objectives: the window does not matter then.
func (s *summaryShape) traits() []trait {
	if len(s.objectives) == 0 {
		return nil
	}
	return []trait{
		{"objectives", strings.TrimPrefix(fmt.Sprint(s.objectives), "map")},
		{"window", fmt.Sprintf("%v in %d steps", s.step*time.Duration(s.steps), s.steps)},
	}
}

// String puts the shape into a sentence: counter vector with help "…", labels [a b].
func (s shape) String() string {
	var b strings.Builder
	separator := " with "
	for i, t := range s {
		if i == 0 && t.name == kindTrait {
			b.WriteString(t.value)
			continue
		}
		b.WriteString(separator + t.name + " " + t.value)
		separator = ", "
	}
	return strings.TrimPrefix(b.String(), " ")
}

// differences returns the names of the traits in which s and other differ.
func (s shape) differences(other shape) []string {
	var names []string
	for _, t := range slices.Concat(s, other) {
		if slices.Contains(s, t) != slices.Contains(other, t) && !slices.Contains(names, t.name) {
			names = append(names, t.name)
		}
	}
	return names
}
