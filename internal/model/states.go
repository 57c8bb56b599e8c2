package model

import "github.com/luxfi/metric/internal/order"

// StateSamples makes the samples that represent the points of state sets. The zero value is ready to
// use. It keeps memory between points to avoid allocations.
type StateSamples struct {
	sample Point
	label  [1]Label
	text   []byte
}

// At returns the sample for state i of p, a point of a state set. The sample is a point with a number
// as its value and with the labels of p and the state. label is the name of the label for the state;
// see [Family.Reserved]. At returns an error if p already has that label, for each state alike.
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

// Reset releases the last point.
func (s *StateSamples) Reset() {
	s.sample, s.label = Point{}, [1]Label{}
}

// GaugeSource is implemented by a [Source] of state sets that can also be served as gauges.
type GaugeSource interface {
	Source

	// Gauges returns a source of f, a family of gauges with one series for each state.
	Gauges(f *Family) Source
}

// GaugesOf implements [GaugeSource.Gauges] for state sets without wrappers.
func GaugesOf(states Source, f *Family) Source { return stateGauges{states, f} }

type stateGauges struct {
	states Source
	family *Family
}

func (s stateGauges) Family() *Family { return s.family }

// Series reads all values at once, so they are those at the time of the call.
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

// keptPoints is a list of series whose values do not change.
type keptPoints []*Point

func (s keptPoints) Len() int                       { return len(s) }
func (s keptPoints) At(i int, p *Point, _ *Scratch) { *p = *s[i] }
