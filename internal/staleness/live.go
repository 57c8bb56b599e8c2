package staleness

import "github.com/luxfi/metric/internal/model"

// Find returns the shape of a series that the round has seen in the family with the given name and
// type, or nil if there is no such series. It is intended for few lookups: the first one in a family
// reads all of its series.
//
// No section of the round may be in use. The shape must not be modified or kept beyond the round.
func (r *Round) Find(family string, typ model.Type, labels model.Labels) *Shape {
	h := r.history
	h.mu.Lock()
	defer h.mu.Unlock()
	key := familyKey{family, typ}
	s := h.sections[key]
	if s == nil || s.round != r {
		return nil
	}
	marks, ok := r.found[key]
	if !ok {
		marks = s.marks()
		if r.found == nil {
			r.found = make(map[familyKey]map[string]mark)
		}
		r.found[s.key] = marks // The key's name is a copy.
	}
	return s.shapeOf(marks[labels.Text()])
}

// marks returns the marks of the series that the round has seen, by their labels.
func (s *Section) marks() map[string]mark {
	seen, n := s.fresh.data, s.fresh.n
	if s.state == inStep {
		seen, n = s.last.data[:s.old.pos], s.old.n
	}
	marks := make(map[string]mark, n)
	for c := (cursor{data: seen}); c.next(); {
		marks[string(c.text)] = c.mark
	}
	return marks
}
