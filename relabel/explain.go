package relabel

import (
	"maps"
	"slices"

	"github.com/luxfi/metric/internal/model"
)

// maxBefore limits the series that before returns.
const maxBefore = 8

// Before implements collect.Reshaper.
func (r *reshaper) Before(family, labels string) []string {
	r.store.mu.Lock()
	states := slices.Collect(maps.Values(r.store.families))
	natives := slices.Collect(maps.Values(r.store.natives))
	r.store.mu.Unlock()
	var found []string
	for _, s := range states {
		found = s.before(found, family, labels)
	}
	for _, n := range natives {
		found = n.before(found, family, labels)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(len(found), maxBefore)]
}

// before appends the series of a family that have become the given one.
//
// If the series of a family keep their labels, the store does not remember them. In that case, before
// appends the one series that could have become the given one.
func (s *familyState) before(found []string, family, labels string) []string {
	if v := s.whole; v != nil {
		if !v.dropped && v.family.Name == family {
			found = append(found, series(s.family.Name, model.RawLabels(labels, false)))
		}
		return found
	}
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
			found = append(found, series(s.family.Name, model.RawLabels(text, false)))
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
		if last.results != nil {
			o = last.results[i].output
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
