package model

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
