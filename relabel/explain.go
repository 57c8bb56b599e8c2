package relabel

import (
	"slices"
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// maxBefore is how many series before returns at the most.
const maxBefore = 4

// Explain implements collect.Reshaper.
func (r *reshaper) Explain(family, labels string) string {
	before := r.before(family, labels)
	if len(before) < 2 {
		return ""
	}
	return "it was made of " + strings.Join(before, " and ")
}

// before returns the series that have become the given one.
func (r *reshaper) before(family, labels string) []string {
	r.mu.Lock()
	states := make(map[model.Family]*familyState, len(r.families))
	for f, s := range r.families {
		states[f] = s
	}
	natives := make([]*native, 0, len(r.natives))
	for _, n := range r.natives {
		natives = append(natives, n)
	}
	r.mu.Unlock()
	var found []string
	for f, s := range states {
		found = s.before(found, f.Name, family, labels)
	}
	for _, n := range natives {
		found = n.before(found, family, labels)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(len(found), maxBefore)]
}

// before appends the series of a family that have become the given one.
func (s *familyState) before(found []string, name, family, labels string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for text, v := range s.series {
		if v.dropped || v.family.Name != family {
			continue
		}
		now := text
		if v.relabeled {
			now = v.labels.Text()
		}
		if now == labels {
			found = append(found, series(name, model.RawLabels(text, false)))
		}
	}
	return found
}

// before appends the series of a source that have become the given one.
func (n *native) before(found []string, family, labels string) []string {
	n.mu.Lock()
	last := n.last
	n.mu.Unlock()
	if last == nil {
		return found
	}
	for i := range last.series.Len() {
		o := int32(0)
		if last.fates != nil {
			o = last.fates[i].output
		}
		if o < 0 || last.outputs[o].family.Name != family {
			continue
		}
		if now, before := last.labelsOf(int32(i)); now.Text() == labels {
			found = append(found, series(last.name, before))
		}
	}
	return found
}
