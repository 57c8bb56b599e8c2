package merge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/luxfi/metric/internal/merge"
	"github.com/luxfi/metric/internal/model"
)

// mixed is a source whose series differ in their label names. It must be read once, in order.
type mixed struct {
	source

	t *testing.T
}

func (s *mixed) Mixed() bool          { return true }
func (s *mixed) Series() model.Series { return &sequence{s, -1} }

type sequence struct {
	*mixed

	last int
}

func (s *sequence) Sequential() bool { return true }

func (s *sequence) At(i int, p *model.Point, scratch *model.Scratch) {
	if i < s.last {
		s.t.Errorf("series %d is read after series %d", i, s.last)
	}
	s.last = i
	s.source.At(i, p, scratch)
}

// TestMixedSources checks that the series of one source are compared with each other if a reader may treat
// their labels as equal, and that a sequential source is read from its first series to its last.
func TestMixedSources(t *testing.T) {
	f := family(model.Gauge, "a")
	point := func(value float64, pairs ...string) model.Point {
		return model.Point{Labels: labels(pairs...), Value: value}
	}
	for _, test := range []struct {
		name   string
		points []model.Point
		others []model.Point // points of another source
		lines  []string
		errors int
	}{
		{
			"different names",
			[]model.Point{point(1, "x", "1"), point(2, "y", "1"), point(3, "x", "1", "y", "1")},
			nil,
			[]string{"# a gauge", `a{x="1"} 1`, `a{y="1"} 2`, `a{x="1",y="1"} 3`},
			0,
		},
		{
			"an empty value is no label",
			[]model.Point{point(1), point(2, "x", ""), point(3, "x", "1")},
			nil,
			[]string{"# a gauge", "a{} 1", `a{x="1"} 3`},
			1,
		},
		{
			"with another source",
			[]model.Point{point(1, "x", "1"), point(2, "y", "1")},
			[]model.Point{point(3, "x", "1"), point(4, "x", "2")},
			[]string{"# a gauge", `a{x="1"} 1`, `a{y="1"} 2`, `a{x="2"} 4`},
			1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := merge.Native{Family: f, Sources: []model.Source{&mixed{source{f, test.points}, t}}}
			if test.others != nil {
				n.Sources = append(n.Sources, &source{f, test.others})
			}
			lines, errs := run(t, merge.Input{Natives: []merge.Native{n}})
			if !slices.Equal(lines, test.lines) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(test.lines, "\n"))
			}
			if len(errs) != test.errors {
				t.Errorf("the errors are %v, want %d", errs, test.errors)
			}
		})
	}
}

// TestMixedSourceDoesNotAllocate checks that merging sources allocates no memory for each series.
func TestMixedSourceDoesNotAllocate(t *testing.T) {
	allocations := func(n int) float64 {
		f := family(model.Gauge, "a")
		var even, odd []model.Point
		for i := range n {
			p := model.Point{Labels: labels("x", fmt.Sprintf("%06d", i))}
			if i%2 == 0 {
				even = append(even, p)
			} else {
				odd = append(odd, p)
			}
		}
		in := merge.Input{Natives: []merge.Native{{Family: f, Sources: []model.Source{&mixed{source{f, even}, t}, &mixed{source{f, odd}, t}}}}}
		return testing.AllocsPerRun(20, func() { _ = merge.Families(in, discard{}) })
	}
	if few, many := allocations(10), allocations(10_000); many > few+20 {
		t.Errorf("10 series take %v allocations, 10,000 take %v", few, many)
	}
}

// discard is a sink that does nothing.
type discard struct{}

func (discard) Family(*model.Family) error { return nil }
func (discard) Point(*model.Point) error   { return nil }
