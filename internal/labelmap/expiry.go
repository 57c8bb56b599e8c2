package labelmap

import (
	"maps"
	"runtime"
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
// and update it. So the expiry watches the entry, by a weak pointer, until nobody can
// update it any more. Until then there is no other entry with the same labels, unless the
// garbage collector has found out already, but its finalizer has not run yet.
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

// ended is an entry that has expired. It is found by its hash.
type ended[C any] struct {
	entry     weak.Pointer[Entry[C]]
	pulse     uint64
	at        time.Time // When it expired.
	forgotten bool
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
		x.m.delete(entries...)
		x.m.index.purge(x.m.version.Load()) // Entries that return are in the index only once.
	}
	return kept
}

func (x *expiry[C]) watchEnded(e *Entry[C], pulse uint64, now time.Time) {
	hash := e.state.Load()
	end := &ended[C]{entry: weak.Make(e), pulse: pulse, at: now}
	x.ended[hash] = append(x.ended[hash], end)
	m := weak.Make(x.m)
	runtime.SetFinalizer(e, func(e *Entry[C]) {
		if m := m.Value(); m != nil {
			m.expirer().(*expiry[C]).dropped(e, hash, end)
		}
	})
}

// dropped is called when the program has dropped an entry that has expired. The last updates may
// have come after the last check.
func (x *expiry[C]) dropped(e *Entry[C], hash uint64, end *ended[C]) {
	x.m.mu.Lock()
	defer x.m.mu.Unlock()
	if !end.forgotten {
		x.restore(e, hash, end)
	}
}

func (x *expiry[C]) refresh() {
	x.m.mu.Lock()
	defer x.m.mu.Unlock()
	if len(x.ended) > 0 {
		x.check()
	}
}

// check returns the entries to the map that were updated after they had expired, and forgets
// those that the program has dropped.
func (x *expiry[C]) check() {
	now := time.Now()
	for hash, list := range x.ended {
		kept := list[:0]
		for _, end := range list {
			if e := end.entry.Value(); e != nil && !x.restore(e, hash, end) {
				kept = append(kept, end)
			}
		}
		x.setEnded(hash, list, kept)
	}
	x.checked = now
	x.shrink()
}

// shrink replaces the map of the ended entries if it has become much too large: maps only grow.
func (x *expiry[C]) shrink() {
	x.peak = max(x.peak, len(x.ended))
	if len(x.ended) >= (x.peak+1)/4 {
		return
	}
	x.peak = len(x.ended)
	fresh := make(map[uint64][]*ended[C], len(x.ended))
	maps.Copy(fresh, x.ended)
	x.ended = fresh
}

// setEnded replaces a list by what is left of it, in the same memory.
func (x *expiry[C]) setEnded(hash uint64, list, kept []*ended[C]) {
	clear(list[len(kept):])
	if len(kept) == 0 {
		delete(x.ended, hash)
		return
	}
	x.ended[hash] = kept
}

// restore returns an entry to the map if it was updated after it had expired, and reports
// whether it did. If there is another one with the same labels, or no room, then that one or the
// overflow series gets what was counted.
func (x *expiry[C]) restore(e *Entry[C], hash uint64, end *ended[C]) bool {
	pulse := x.life.Pulse(&e.Child, end.pulse)
	if pulse == end.pulse {
		return false
	}
	other := x.m.table.Load().twin(e, hash)
	if other == nil && !x.m.admit(e, x.m.layout.Values(e.Labels())) {
		other = x.overflow(x.lastSeen(end))
	}
	if other != nil {
		end.pulse = x.life.Move(&other.Child, &e.Child, pulse)
		return false
	}
	x.restart(e, hash, pulse, x.lastSeen(end))
	return true
}

// overflow returns the overflow series. If it makes it, it begins when what is to be added to it was last
// seen without that.
func (x *expiry[C]) overflow(at time.Time) *Entry[C] {
	values := x.m.overflowValues()
	if e := x.m.find(values); e != nil {
		return e
	}
	returns := x.m.expired(x, x.m.hash(values), values) != nil // With a start of its own.
	e := x.m.create(values, x.life.Init)
	if !returns {
		x.life.Begin(&e.Child, at)
	}
	return e
}

// restart puts an entry that had expired into the map, as a series that begins at some time.
func (x *expiry[C]) restart(e *Entry[C], hash, pulse uint64, at time.Time) {
	runtime.SetFinalizer(e, nil)
	x.life.Begin(&e.Child, at)
	x.m.put(e, hash)
	if x.after > 0 {
		x.watch(e, pulse, time.Now())
	}
}

// lastSeen returns when an entry was last seen without anything that was counted after it had
// expired.
func (x *expiry[C]) lastSeen(end *ended[C]) time.Time {
	if x.checked.After(end.at) {
		return x.checked
	}
	return end.at
}

func (x *expiry[C]) expired(hash uint64) []*Entry[C] { return appendHeld(nil, x.ended[hash]) }

func (x *expiry[C]) allExpired() (entries []*Entry[C]) {
	for _, list := range x.ended {
		entries = appendHeld(entries, list)
	}
	return entries
}

// appendHeld appends the entries that the program still holds.
func appendHeld[C any](entries []*Entry[C], list []*ended[C]) []*Entry[C] {
	for _, end := range list {
		if e := end.entry.Value(); e != nil {
			entries = append(entries, e)
		}
	}
	return entries
}

func (x *expiry[C]) revive(e *Entry[C], hash uint64) {
	end := x.take(e, hash)
	at := time.Now()
	pulse := x.life.Pulse(&e.Child, end.pulse)
	if pulse != end.pulse {
		at = x.lastSeen(end)
	}
	x.restart(e, hash, pulse, at)
}

func (x *expiry[C]) forget(e *Entry[C], hash uint64) {
	if end := x.take(e, hash); end != nil {
		end.forgotten = true
	}
}

// take removes an entry from those that have expired. It returns nil if it was none.
func (x *expiry[C]) take(e *Entry[C], hash uint64) *ended[C] {
	list := x.ended[hash]
	for i, end := range list {
		if end.entry.Value() == e {
			x.setEnded(hash, list, slices.Delete(list, i, i+1))
			return end
		}
	}
	return nil
}

func (x *expiry[C]) swapped(entries []*Entry[C], match func(*Entry[C]) bool) {
	for _, e := range entries {
		x.created(e)
	}
	for _, e := range x.allExpired() {
		if match(e) {
			x.forget(e, x.m.hashOf(e))
		}
	}
}

func (x *expiry[C]) reset() {
	for _, list := range x.ended {
		for _, end := range list {
			end.forgotten = true
		}
	}
	clear(x.ended)
	x.rewatch()
}
