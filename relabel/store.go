package relabel

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/luxfi/metric/internal/model"
)

// A store has the data that a reshaper keeps from scrape to scrape. Its size is bounded for any input. The
// reshaper evaluates series that do not fit again in every scrape.
//
// The store owns all strings in it, because the strings of a series may be in the response of a remote
// target, whose memory is reused.
type store struct {
	limit      int64        // limit of remembered
	remembered atomic.Int64 // approximate bytes of the verdicts of families

	runs atomic.Uint64 // number of sinks so far

	mu           sync.Mutex
	families     map[model.Family]*familyState // by the original family
	natives      map[any]*native               // by the sources' keys
	destinations map[destinationKey]*destination
	interned     map[model.Family]*model.Family
	edits        map[string]*edit
	due          bool      // whether a sweep is scheduled
	crowded      time.Time // time of the last sweep that made room
}

const (
	// maxRemembered limits the bytes of verdicts on series that do not come from instruments. It is enough
	// for about 250,000 series.
	maxRemembered = 128 << 20
	// maxFamilies limits the families that are remembered.
	maxFamilies = 10_000
	// forgetAfter is the time after which unused data is removed.
	forgetAfter = 10 * time.Minute
	// crowdedAfter replaces forgetAfter if the store is full.
	crowdedAfter = time.Minute
)

func newStore() *store {
	return &store{
		limit:        maxRemembered,
		families:     make(map[model.Family]*familyState),
		natives:      make(map[any]*native),
		destinations: make(map[destinationKey]*destination),
		interned:     make(map[model.Family]*model.Family),
		edits:        make(map[string]*edit),
	}
}

// scheduleSweep schedules a sweep unless one is already scheduled. The timer does not keep the store alive.
// The caller must hold the mutex.
func (s *store) scheduleSweep() {
	if s.due {
		return
	}
	s.due = true
	ref := weak.Make(s)
	time.AfterFunc(forgetAfter/2, func() {
		if s := ref.Value(); s != nil {
			s.sweep()
		}
	})
}

// sweep removes data that has not been used for a while.
func (s *store) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = false
	s.forget(time.Now().Add(-forgetAfter))
	// Families in use remain in the verdicts and equal the ones interned next.
	clear(s.interned)
	clear(s.edits)
	if len(s.families)+len(s.natives) > 0 {
		s.scheduleSweep()
	}
}

// forget removes data that has not been used since oldest. The caller must hold the mutex.
func (s *store) forget(oldest time.Time) {
	for key, n := range s.natives {
		if n.used.before(oldest) {
			delete(s.natives, key)
		}
	}
	for f, state := range s.families {
		whole := state.used.before(oldest)
		if whole {
			delete(s.families, f)
		}
		s.remembered.Add(-state.forget(oldest, whole, s.leave))
	}
}

// makeRoom removes data that has not been used for a short time. It limits how often it does so.
func (s *store) makeRoom() {
	if now := time.Now(); now.Sub(s.crowded) >= crowdedAfter {
		s.crowded = now
		s.forget(now.Add(-crowdedAfter))
	}
}

// hasRoom reports whether one more verdict fits in the store.
func (s *store) hasRoom() bool {
	if s.remembered.Load() < s.limit {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom()
	return s.remembered.Load() < s.limit
}

// family returns the state of a family, or nil.
func (s *store) family(f *model.Family, now time.Time) *familyState {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.families[*f]
	if state != nil {
		state.used.set(now)
	}
	return state
}

// addFamily adds a family, unless another goroutine has added it or the store is full, and returns its
// state.
func (s *store) addFamily(state *familyState, now time.Time) *familyState {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.families[state.family]; other != nil {
		return other
	}
	if len(s.families) >= maxFamilies {
		s.makeRoom()
	}
	if len(s.families) >= maxFamilies {
		state.forgotten = true
		return state
	}
	state.used.set(now)
	s.families[state.family] = state
	s.scheduleSweep()
	return state
}

// native returns the native for the source with a key.
func (s *store) native(key any) *native {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.natives[key]
	if n == nil {
		n = new(native)
		s.natives[key] = n
		s.scheduleSweep()
	}
	n.used.set(time.Now())
	return n
}

// intern returns the family that equals f.
func (s *store) intern(f model.Family) *model.Family {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.interned[f]; known != nil {
		return known
	}
	if len(s.interned) >= maxFamilies {
		clear(s.interned)
	}
	own := ownFamily(f)
	s.interned[own] = &own
	return &own
}

// ownFamily returns a copy of f that owns its strings.
func ownFamily(f model.Family) model.Family {
	f.Name, f.Help, f.Unit = strings.Clone(f.Name), strings.Clone(f.Help), strings.Clone(f.Unit)
	return f
}

// edit returns the edit that leaves out buckets or quantiles and scales the others. It returns nil if the
// edit would change nothing.
func (s *store) edit(without []float64, scales []scaleStep) *edit {
	if len(without)+len(scales) == 0 {
		return nil
	}
	slices.Sort(without)
	key := fmt.Append(nil, without)
	for _, one := range scales {
		key = fmt.Appendf(key, " %d", one.step.position)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.edits[string(key)]; known != nil {
		return known
	}
	if len(s.edits) >= maxFamilies {
		clear(s.edits)
	}
	e := &edit{without, scales}
	s.edits[string(key)] = e
	return e
}
