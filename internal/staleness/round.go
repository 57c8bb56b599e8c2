package staleness

import (
	"strings"

	"github.com/luxfi/metric/internal/model"
)

// Round is a push that is compared with the last one.
type Round struct {
	history *History
	found   map[familyKey]map[string]mark // families that Find has searched
}

// Family returns the section for a family's points. If the round has already begun the family, it
// returns the same section, and the points continue those seen so far. Two families are the same if
// they have the same name and type.
//
// Family is safe for concurrent use, and sections of different families may be used concurrently.
func (r *Round) Family(f *model.Family) *Section {
	h := r.history
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sections[familyKey{f.Name, f.Type}]
	if s == nil {
		key := familyKey{strings.Clone(f.Name), f.Type}
		s = &Section{indexes: &h.indexes, key: key}
		if h.sections == nil {
			h.sections = make(map[familyKey]*Section)
		}
		h.sections[key] = s
	}
	if s.round != r {
		s.begin(r)
	}
	return s
}

// Missing calls yield for each series of the families that the last push had and that this round has
// not begun, until yield returns false. Families come in order of name; only their name and type are
// set. The labels are valid during the call.
func (r *Round) Missing(yield func(f *model.Family, labels model.Labels, was *Shape) bool) {
	eachSeries(r.history.sectionsWhere(func(s *Section) bool { return s.round != r }), yield)
}

// Commit ends the round and makes its push the last one. It frees the memory of families that the round
// has not begun, or that had no points. Commit has no effect on a round that has ended.
//
// No section of the round may be in use.
func (r *Round) Commit() {
	h := r.history
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open != r {
		return
	}
	for key, s := range h.sections {
		if s.round != r {
			delete(h.sections, key)
		}
	}
	h.end((*Section).commit)
}

// Discard ends the round and leaves the history as it was before: the next round will report the same
// missing series again. Discard has no effect on a round that has ended, so that callers can defer it.
//
// No section of the round may be in use.
func (r *Round) Discard() {
	h := r.history
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open == r {
		h.end((*Section).discard)
	}
}
