package probe

import (
	"slices"
	"sync"
	"time"
)

// kept is how many probes the history has, and how many failed ones beside them.
const kept = 100

// record is what the history knows of a probe. It does not change, except for the log of a probe
// that is left behind.
type record struct {
	id       uint64 // From 1 on.
	time     time.Time
	module   string
	target   string
	result   result
	err      error
	duration time.Duration
	log      *logText
}

// history keeps the last probes, and the last failed ones even if many have succeeded since.
type history struct {
	mu       sync.Mutex
	last     uint64
	recent   []*record // The oldest first.
	failures []*record // Those that are not in recent any more; the oldest first.
}

// add gives a record its id and keeps it.
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

// lists returns the records, the latest first.
func (h *history) lists() (recent, failures []*record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	recent, failures = slices.Clone(h.recent), slices.Clone(h.failures)
	slices.Reverse(recent)
	slices.Reverse(failures)
	return recent, failures
}

// find returns the record of that id, or nil.
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
