package dashboard

import (
	"crypto/rand"
	"slices"
	"sync"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
)

// maxMarks is how many marks are kept. Each keeps a sample alive.
const maxMarks = 16

// marks are samples with which viewers compare others.
type marks struct {
	maxBytes int // limits their memory, but one mark is always kept

	mu  sync.Mutex
	all []mark // oldest first
}

// mark is a sample with an ID that cannot be guessed, so that viewers do not see each other's marks.
type mark struct {
	api.Mark

	snapshot *store.Snapshot
}

// set sets a mark. It drops the oldest marks if there are too many or they take too much memory.
func (m *marks) set(s *store.Snapshot) api.Mark {
	added := mark{api.Mark{ID: rand.Text(), T: s.At.UnixMilli()}, s}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.all) == maxMarks {
		m.all = slices.Delete(m.all, 0, 1)
	}
	m.all = append(m.all, added)
	m.shrink()
	return added.Mark
}

// shrink drops the oldest marks if all of them take too much memory. The caller holds the mutex.
func (m *marks) shrink() {
	newestFirst := make([]*store.Snapshot, 0, len(m.all))
	for i := range m.all {
		newestFirst = append(newestFirst, m.all[len(m.all)-1-i].snapshot)
	}
	n := max(1, store.Fitting(m.maxBytes, newestFirst...))
	m.all = slices.Delete(m.all, 0, len(m.all)-n)
}

// clear drops all marks.
func (m *marks) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = nil
}

// find returns the mark with that ID, and whether it exists.
func (m *marks) find(id string) (mark, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.all, func(k mark) bool { return k.ID == id })
	if i < 0 {
		return mark{}, false
	}
	return m.all[i], true
}
