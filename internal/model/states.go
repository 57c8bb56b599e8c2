package model

import "github.com/luxfi/metric/internal/order"

// StateSamples makes the samples that points of state sets are written as. The zero value
// is ready. It keeps memory between points, so that it need not allocate for each.
type StateSamples struct {
	sample Point
	label  [1]Label
	text   []byte
}

// At returns the sample for state i of p, a point of a state set: a point whose value is a
// number, and whose labels are those of p and the state. label is the label for the state,
// which is Family.Reserved. It is an error if p has that label, for one state as for all.
//
// The sample shares memory with p, and is valid until the next call.
func (s *StateSamples) At(p *Point, label string, i int) (*Point, error) {
	var err error
	s.label[0] = Label{Name: label, Value: p.States.Names[i]}
	s.sample = *p
	if s.text, s.sample.Labels, err = AppendMerged(s.text[:0], p.Labels, s.label[:]); err != nil {
		return nil, err
	}
	s.sample.Value, s.sample.States = p.States.Value(i), nil
	return &s.sample, nil
}

// Reset lets go of the last point.
func (s *StateSamples) Reset() {
	s.sample, s.label = Point{}, [1]Label{}
}

// GaugeSource is implemented by a Source of state sets that can be served as gauges, too.
type GaugeSource interface {
	Source

	// Gauges returns a source of f, a family of gauges with a series for each state.
	Gauges(f *Family) Source
}

// GaugesOf implements GaugeSource.Gauges for state sets without wrappings.
func GaugesOf(states Source, f *Family) Source { return stateGauges{states, f} }

type stateGauges struct {
	states Source
	family *Family
}

func (s stateGauges) Family() *Family { return s.family }

// Series reads all values at once: they are those of the moment when it is called.
func (s stateGauges) Series() Series {
	var (
		series  = s.states.Series()
		point   Point
		scratch Scratch
		samples StateSamples
		all     keptPoints
	)
	for i := range series.Len() {
		series.At(i, &point, &scratch)
		for state := range point.States.Names {
			if sample, err := samples.At(&point, s.family.Name, state); err == nil {
				kept := sample.Clone()
				all = append(all, &kept)
			}
		}
	}
	order.By(all, func(a, b *Point) int { return CompareLabels(a.Labels, b.Labels) })
	return all
}

// keptPoints is a list of series that are not read again.
type keptPoints []*Point

func (s keptPoints) Len() int                       { return len(s) }
func (s keptPoints) At(i int, p *Point, _ *Scratch) { *p = *s[i] }
