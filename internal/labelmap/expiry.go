package labelmap

import (
	"slices"
	"sync"
	"time"
	"weak"
)

// Life is what a map needs to know about its children to let their series expire.
type Life[C any] struct {
	// Pulse returns last if the child has not been updated since Pulse returned last, and
	// another number otherwise. Calls for one child never overlap.
	Pulse func(c *C, last uint64) uint64

	// Restart removes from the child what it has counted, and returns the pulse that it has
	// without it. If the pulse is not last any more, Restart changes nothing and returns false.
	// Updates meanwhile stay in the child.
	//
	// Without Restart, the map cannot hear of updates to an expired series, and forgets it.
	Restart func(c *C, last uint64, now time.Time) (pulse uint64, ok bool)

	// Init prepares a new child.
	Init func(e *Entry[C])

	// Begin sets the start timestamp.
	Begin func(c *C, at time.Time)

	// Move adds to one child what another one, which has restarted, has counted since, and
	// removes it there. It returns the pulse of the latter, which was the given one before.
	Move func(to, from *C, pulse uint64) uint64
}

// expirer is an expiry as its map knows it, so that programs in which nothing expires do not
// contain one. All methods but refresh are called with the lock of the map held.
type expirer[C any] interface {
	refresh() // Returns entries to the map that were updated after they had expired.

	created(e *Entry[C])
	expired(hash uint64) []*Entry[C] // The expired entries with this hash that may still return.
	allExpired() []*Entry[C]
	revive(e *Entry[C], hash uint64) // Returns an expired entry to the map.
	forget(e *Entry[C], hash uint64) // An expired entry must not return.
	// Entries are new in the map, in the place of all those for which match returns true.
	swapped(entries []*Entry[C], match func(*Entry[C]) bool)
	reset() // All entries are forgotten, and replaced by what is in the map now.
}

// expiry lets series expire that have not been updated for a while. It costs updates nothing:
// from time to time, sweep looks at each series for whether its value is another one.
//
// An entry that has expired is in the map no more, but the program may hold on to its child,
// and update it. So the expiry watches the entry, by a weak pointer, until it can no longer be
// updated; see expired.go. Until then there is no other entry with the same labels, unless the
// garbage collector has cleared the pointer already, and the finalizer has not run yet.
type expiry[C any] struct {
	m    *Map[C]
	life Life[C]

	sweeping sync.Mutex // Held during a sweep. It is locked before the lock of the map.

	begun time.Time

	// The lock of the map guards what follows.
	after      time.Duration // 0 if nothing expires.
	own        bool          // After was set by the vector itself, not by a registry.
	watched    []watched[C]  // The entries in the map, unless a sweep has them; and some that were deleted.
	ended      map[uint64][]*ended[C]
	peak       int       // How many there were in ended since it was made.
	generation int       // Counts the calls of rewatch.
	checked    time.Time // When the ended entries were last seen unchanged.
	timer      *time.Timer
	armed      bool // The timer will fire.
}

// watched is an entry of the map.
type watched[C any] struct {
	e     *Entry[C]
	pulse uint64
	since int64 // When the pulse was first seen, in nanoseconds since expiry.begun.
}

// SetExpiry lets series expire that have not been updated for some time; 0 stops that. What
// the vector itself sets takes precedence over what registries set for it, of which the shortest
// time counts.
func (m *Map[C]) SetExpiry(after time.Duration, own bool, life Life[C]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	x, _ := m.expirer().(*expiry[C])
	if x == nil {
		x = &expiry[C]{begun: time.Now(), m: m, life: life, ended: make(map[uint64][]*ended[C])}
		var published expirer[C] = x
		m.expiry.Store(&published)
	}
	if !own && (x.own || x.after > 0 && x.after <= after) {
		return
	}
	x.own = x.own || own
	before := x.after
	x.after = after
	m.toll.after.Store(int64(after))
	if (before == 0) != (after == 0) {
		x.rewatch() // What has expired may still return.
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
		// Those that were deleted make room first: a program may create and delete many series
		// between two sweeps.
		x.watched = slices.DeleteFunc(x.watched, func(w watched[C]) bool { return w.e.state.Load()&liveBit == 0 })
		x.watched = slices.Grow(x.watched, len(x.watched)+1)
	}
	x.watched = append(x.watched, watched[C]{e, pulse, int64(now.Sub(x.begun))})
	x.arm()
}

// arm sees to it that the timer fires if there is something to sweep.
func (x *expiry[C]) arm() {
	if x.armed || x.after == 0 || len(x.watched) == 0 && len(x.ended) == 0 {
		return
	}
	x.armed = true
	if x.timer != nil {
		x.timer.Reset(x.period())
		return
	}
	// The timer does not keep alive a vector that the program has dropped.
	m := weak.Make(x.m)
	x.timer = time.AfterFunc(x.period(), func() {
		if m := m.Value(); m != nil {
			m.expirer().(*expiry[C]).sweep()
		}
	})
}

// rewatch begins to watch the entries of the map anew.
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
			continue // It was deleted.
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
			kept = slices.Clone(kept) // In less memory.
		}
		x.watched = kept
	}
	x.check()
	x.arm()
}

// end removes idle entries from the map. It appends to kept those that were updated in the
// meantime.
func (x *expiry[C]) end(kept, idle []watched[C], now time.Time) []watched[C] {
	t := x.m.table.Load()
	entries := make([]*Entry[C], 0, len(idle))
	for _, w := range idle {
		if t.slotOf(w.e) == nil {
			continue // It was deleted.
		}
		if x.life.Restart != nil {
			// A scrape that began earlier may still read the entry. It sees a series that
			// starts anew from 0, which is true.
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
		x.m.toll.expired.Add(uint64(len(entries)))
		x.m.delete(entries...)
		x.m.index.purge(x.m.version.Load()) // Entries that return are in the index only once.
	}
	return kept
}
