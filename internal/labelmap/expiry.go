package labelmap

import (
	"slices"
	"sync"
	"time"
	"weak"
)

// Life contains the functions that a map needs to let the series of its children expire.
type Life[C any] struct {
	// Pulse returns last if the child has not been updated since Pulse returned last, and a different
	// number otherwise. Calls for one child never overlap.
	Pulse func(c *C, last uint64) uint64

	// Restart removes its counts from the child, and returns its pulse afterwards. If the pulse is no
	// longer last, Restart changes nothing and returns false. Concurrent updates stay in the child.
	//
	// Without Restart, the map cannot notice updates to an expired series, and forgets it.
	Restart func(c *C, last uint64, now time.Time) (pulse uint64, ok bool)

	// Init prepares a new child.
	Init func(e *Entry[C])

	// Begin sets the start timestamp.
	Begin func(c *C, at time.Time)

	// Move adds to one child what another child, which has restarted, has counted since, and removes it
	// there. pulse is the pulse of from before, and the result is its pulse afterwards.
	Move func(to, from *C, pulse uint64) uint64
}

// expirer is the interface between a map and its expiry. Because of it, programs in which no series
// expires do not contain the code of expiry. All methods except refresh are called with the mutex of
// the map held.
type expirer[C any] interface {
	refresh() // returns entries to the map that were updated after they had expired

	created(e *Entry[C])
	expired(hash uint64) []*Entry[C] // returns the expired entries with this hash that may return
	allExpired() []*Entry[C]
	revive(e *Entry[C], hash uint64) // returns an expired entry to the map
	forget(e *Entry[C], hash uint64) // ensures that an expired entry does not return
	// swapped is called when new entries have replaced all entries for which match returns true.
	swapped(entries []*Entry[C], match func(*Entry[C]) bool)
	reset() // forgets all entries, and watches the current ones of the map
}

// expiry removes series that have not been updated for a while. Updates have no additional cost: from
// time to time, sweep checks whether the value of each series has changed.
//
// An expired entry is no longer in the map, but the program may hold on to its child and update it. So
// the expiry watches the entry through a weak pointer until it can no longer be updated; see
// expired.go. Until then there is no other entry with the same labels, unless the garbage collector has
// already cleared the pointer and the finalizer has not run yet.
type expiry[C any] struct {
	m    *Map[C]
	life Life[C]

	sweeping sync.Mutex // held during a sweep; locked before the mutex of the map

	begun time.Time

	// The mutex of the map guards the following fields.
	after      time.Duration                 // 0 if no series expire
	own        bool                          // The vector itself has set after, not a registry.
	watched    []watched[C]                  // entries in the map, unless a sweep has them, and some deleted entries
	byHash     map[uint64][]*expiredEntry[C] // expired entries
	peak       int                           // largest length of byHash since it was made
	generation int                           // number of calls of rewatch
	checked    time.Time                     // time when the expired entries were last seen unchanged
	timer      *time.Timer
	armed      bool // The timer will fire.
}

// watched is an entry of the map with its last pulse.
type watched[C any] struct {
	e     *Entry[C]
	pulse uint64
	since int64 // time when the pulse was first seen, in nanoseconds since expiry.begun
}

// SetExpiry lets series expire that have not been updated for the duration after; 0 disables expiry. own
// reports whether this is the setting of the vector itself, which takes precedence over the settings of
// registries. Of several registries, the one with the shortest duration applies.
func (m *Map[C]) SetExpiry(after time.Duration, own bool, life Life[C]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, _ := m.expirer().(*expiry[C])
	if x == nil {
		x = &expiry[C]{begun: time.Now(), m: m, life: life, byHash: make(map[uint64][]*expiredEntry[C])}
		var published expirer[C] = x
		m.expiry.Store(&published)
	}
	if !own && (x.own || x.after > 0 && x.after <= after) {
		return
	}
	x.own = x.own || own
	before := x.after
	x.after = after
	m.expiryUsage.after.Store(int64(after))
	if (before == 0) != (after == 0) {
		x.rewatch() // Expired series may still return.
	}
	if after > 0 && x.armed {
		x.timer.Reset(x.period())
	}
}

// period is the time between two sweeps.
func (x *expiry[C]) period() time.Duration { return max(x.after/8, time.Millisecond) }

func (x *expiry[C]) created(e *Entry[C]) {
	if x.after > 0 {
		x.watch(e, x.life.Pulse(&e.Child, 0), time.Now())
	}
}

func (x *expiry[C]) watch(e *Entry[C], pulse uint64, now time.Time) {
	if len(x.watched) == cap(x.watched) {
		// Remove deleted entries first: a program may create and delete many series between two sweeps.
		x.watched = slices.DeleteFunc(x.watched, func(w watched[C]) bool { return w.e.state.Load()&liveBit == 0 })
		x.watched = slices.Grow(x.watched, len(x.watched)+1)
	}
	x.watched = append(x.watched, watched[C]{e, pulse, int64(now.Sub(x.begun))})
	x.arm()
}

// arm starts the timer if there is something to sweep.
func (x *expiry[C]) arm() {
	if x.armed || x.after == 0 || len(x.watched) == 0 && len(x.byHash) == 0 {
		return
	}
	x.armed = true
	if x.timer != nil {
		x.timer.Reset(x.period())
		return
	}
	// The timer must not keep alive a vector that the program has dropped.
	m := weak.Make(x.m)
	x.timer = time.AfterFunc(x.period(), func() {
		if m := m.Value(); m != nil {
			m.expirer().(*expiry[C]).sweep()
		}
	})
}

// rewatch starts over watching the entries of the map.
func (x *expiry[C]) rewatch() {
	x.generation++
	x.watched = nil
	if x.after == 0 {
		return
	}
	now := time.Now()
	for e := range x.m.table.Load().all() {
		x.watch(e, x.life.Pulse(&e.Child, 0), now)
	}
}

// sweep ends the series that have not been updated for long enough.
func (x *expiry[C]) sweep() {
	x.sweeping.Lock()
	defer x.sweeping.Unlock()

	x.m.mu.Lock()
	x.armed = false
	list, generation, after := x.watched, x.generation, x.after
	x.watched = nil
	x.m.mu.Unlock()

	now := time.Now()
	at := int64(now.Sub(x.begun))
	kept, idle := list[:0], []watched[C](nil)
	for _, w := range list {
		if w.e.state.Load()&liveBit == 0 {
			continue // The entry was deleted.
		}
		pulse := x.life.Pulse(&w.e.Child, w.pulse)
		switch {
		case pulse != w.pulse:
			w.pulse, w.since = pulse, at
		case at-w.since >= int64(after) && after > 0:
			idle = append(idle, w)
			continue
		}
		kept = append(kept, w)
	}
	clear(list[len(kept):])

	x.m.mu.Lock()
	defer x.m.mu.Unlock()
	if generation == x.generation {
		kept = append(x.end(kept, idle, now), x.watched...)
		if len(kept) < cap(kept)/4 {
			kept = slices.Clone(kept) // Use less memory.
		}
		x.watched = kept
	}
	x.check()
	x.arm()
}

// end removes idle entries from the map. It appends the entries that were updated in the meantime to
// kept.
func (x *expiry[C]) end(kept, idle []watched[C], now time.Time) []watched[C] {
	t := x.m.table.Load()
	entries := make([]*Entry[C], 0, len(idle))
	for _, w := range idle {
		if t.slotOf(w.e) == nil {
			continue // The entry was deleted.
		}
		if x.life.Restart != nil {
			// A scrape that began earlier may still read the entry. It sees a series that restarts from
			// 0, which is true.
			pulse, ok := x.life.Restart(&w.e.Child, w.pulse, now)
			if !ok {
				w.since = int64(now.Sub(x.begun))
				kept = append(kept, w)
				continue
			}
			x.watchEnded(w.e, pulse, now)
		}
		entries = append(entries, w.e)
	}
	if len(entries) > 0 {
		x.m.expiryUsage.expired.Add(uint64(len(entries)))
		x.m.delete(entries...)
		x.m.index.purge(x.m.version.Load()) // An entry that returns must be in the index only once.
	}
	return kept
}
