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

// shapeOf returns the shape of one of our instruments or vectors, and nil for
// everything else.
func shapeOf(c Collector) shape {
	switch c := c.(type) {
	case *loneCounter:
		return shapeOf(c.counter)
	case *counter:
		return familyShape("counter", c.family, nil)
	case *gauge:
		return familyShape("gauge", c.family, nil)
	case *histogram:
		return append(familyShape("histogram", c.family, nil), c.shape.traits()...)
	case *summary:
		s := familyShape("summary", c.family, nil)
		if c.window != nil {
			s = append(s, c.window.shape.traits()...)
		}
		return s
	}
	if nativeSource(c) == nil {
		return nil
	}
	switch c := c.(type) {
	case *CounterVec:
		return familyShape("counter vector", c.vec.family, c.vec.curried)
	case *GaugeVec:
		return familyShape("gauge vector", c.vec.family, c.vec.curried)
	case *HistogramVec:
		return append(familyShape("histogram vector", c.vec.family, c.vec.curried), c.shape.traits()...)
	case *SummaryVec:
		return append(familyShape("summary vector", c.vec.family, c.vec.curried), c.shape.traits()...)
	}
	return nil
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
