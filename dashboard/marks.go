package dashboard

import (
	"crypto/rand"
	"slices"
	"sync"

	"github.com/luxfi/metric/dashboard/internal/api"
	"github.com/luxfi/metric/dashboard/internal/store"
)

// maxMarks is how many marks there may be. Each keeps a sample alive.
const maxMarks = 16

// marks are samples that viewers compare others with. The zero value has none.
type marks struct {
	mu  sync.Mutex
	all []mark // Oldest first.
}

// mark is a sample under an ID that cannot be guessed, so that a viewer does not see another one's mark.
type mark struct {
	api.Mark

	snapshot *store.Snapshot
}

// set sets a mark, and drops the oldest one if there are too many.
func (m *marks) set(s *store.Snapshot) api.Mark {
	added := mark{api.Mark{ID: rand.Text(), T: s.At.UnixMilli()}, s}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.all) == maxMarks {
		m.all = slices.Delete(m.all, 0, 1)
	}
	m.all = append(m.all, added)
	return added.Mark
}

// clear drops all marks.
func (m *marks) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = nil
}

// find returns the mark of an ID, and whether there is one.
func (m *marks) find(id string) (mark, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.all, func(k mark) bool { return k.ID == id })
	if i < 0 {
		return mark{}, false
	}
	return m.all[i], true
}
