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

// A store is what a reshaper remembers from scrape to scrape. It is bounded, whatever comes: what
// it has no room for is worked out again in every scrape.
//
// All strings in it are its own: those of a series may lie in the response of a remote target,
// whose memory is used again.
type store struct {
	limit      int64        // Of remembered.
	remembered atomic.Int64 // Bytes that the verdicts of families take, roughly.

	runs atomic.Uint64 // How many sinks there have been.

	mu        sync.Mutex
	families  map[model.Family]*familyState // By what they are before.
	natives   map[any]*native               // By their keys.
	destinies map[destinyKey]*destiny
	interned  map[model.Family]*model.Family
	edits     map[string]*edit
	due       bool      // A sweep is.
	crowded   time.Time // When the last sweep was that made room.
}

const (
	// maxRemembered is how many bytes the verdicts on series may take that are not of instruments:
	// enough for some 250,000 series.
	maxRemembered = 128 << 20
	// maxFamilies is how many families are remembered.
	maxFamilies = 10_000
	// forgetAfter is how long is remembered what is not met.
	forgetAfter = 10 * time.Minute
	// crowdedAfter is how long that is if there is no room for more.
	crowdedAfter = time.Minute
)

func newStore() *store {
	return &store{
		limit:     maxRemembered,
		families:  make(map[model.Family]*familyState),
		natives:   make(map[any]*native),
		destinies: make(map[destinyKey]*destiny),
		interned:  make(map[model.Family]*model.Family),
		edits:     make(map[string]*edit),
	}
}

// scheduleSweep has the store swept later, unless it is to be anyway. The timer does not keep it alive.
// It is called with the mutex held.
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

// sweep forgets what has not been met for a while.
func (s *store) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = false
	s.forget(time.Now().Add(-forgetAfter))
	// Those that are in use stay in the verdicts, and are equal to the next ones.
	clear(s.interned)
	clear(s.edits)
	if len(s.families)+len(s.natives) > 0 {
		s.scheduleSweep()
	}
}

// forget forgets what has not been met since a time. It is called with the mutex held.
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

// makeRoom forgets what has not been met for a short time, but not again and again.
func (s *store) makeRoom() {
	if now := time.Now(); now.Sub(s.crowded) >= crowdedAfter {
		s.crowded = now
		s.forget(now.Add(-crowdedAfter))
	}
}

// hasRoom reports whether one more verdict can be remembered.
func (s *store) hasRoom() bool {
	if s.remembered.Load() < s.limit {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom()
	return s.remembered.Load() < s.limit
}

// family returns what is known of a family, or nil.
func (s *store) family(f *model.Family, now time.Time) *familyState {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.families[*f]
	if state != nil {
		state.used.set(now)
	}
	return state
}

// addFamily remembers a family, unless another goroutine has done so or there is no room, and returns
// what is known of it.
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

// native returns what is known of the source with a key.
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

// ownFamily returns a copy of f with strings of its own.
func ownFamily(f model.Family) model.Family {
	f.Name, f.Help, f.Unit = strings.Clone(f.Name), strings.Clone(f.Help), strings.Clone(f.Unit)
	return f
}

// edit returns the edit that leaves out buckets or quantiles and scales the rest, or nil if that is
// nothing.
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
