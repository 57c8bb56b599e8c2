package probe

import (
	"slices"
	"sync"
	"time"
)

// kept is how many probes the history keeps, and how many older failed ones in addition.
const kept = 100

// record is the history's record of a probe. It is immutable, except for the log of a probe that has
// been abandoned.
type record struct {
	id       uint64 // counted from 1
	time     time.Time
	module   string
	target   string
	result   result
	err      error
	duration time.Duration
	log      *logText
}

// history keeps the latest probes, and the latest failed ones even after many successful ones.
type history struct {
	mu       sync.Mutex
	last     uint64
	recent   []*record // oldest first
	failures []*record // failed probes that are no longer in recent; oldest first
}

// add sets the id of a record and keeps the record.
func (h *history) add(r *record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	r.id = h.last
	h.recent = append(h.recent, r)
	if len(h.recent) <= kept {
		return
	}
	oldest := h.recent[0]
	h.recent = slices.Delete(h.recent, 0, 1)
	if oldest.result == success {
		return
	}
	h.failures = append(h.failures, oldest)
	if len(h.failures) > kept {
		h.failures = slices.Delete(h.failures, 0, 1)
	}
}

// lists returns the records, latest first.
func (h *history) lists() (recent, failures []*record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	recent, failures = slices.Clone(h.recent), slices.Clone(h.failures)
	slices.Reverse(recent)
	slices.Reverse(failures)
	return recent, failures
}

// find returns the record with the given id, or nil.
func (h *history) find(id uint64) *record {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, list := range [][]*record{h.recent, h.failures} {
		for _, r := range list {
			if r.id == id {
				return r
			}
		}
	}
	return nil
}
