package labelmap

import (
	"maps"
	"runtime"
	"slices"
	"time"
	"weak"
)

// expiredEntry is an entry that has expired. It can be found by its hash.
type expiredEntry[C any] struct {
	entry     weak.Pointer[Entry[C]]
	pulse     uint64
	at        time.Time // time at which it expired
	forgotten bool
}

func (x *expiry[C]) watchEnded(e *Entry[C], pulse uint64, now time.Time) {
	hash := e.state.Load()
	end := &expiredEntry[C]{entry: weak.Make(e), pulse: pulse, at: now}
	x.byHash[hash] = append(x.byHash[hash], end)
	m := weak.Make(x.m)
	runtime.SetFinalizer(e, func(e *Entry[C]) {
		if m := m.Value(); m != nil {
			m.expirer().(*expiry[C]).dropped(e, hash, end)
		}
	})
}

// dropped is called when the program has dropped an expired entry. The last updates may have come after
// the last check.
func (x *expiry[C]) dropped(e *Entry[C], hash uint64, end *expiredEntry[C]) {
	x.m.mu.Lock()
	defer x.m.mu.Unlock()
	if !end.forgotten {
		if !x.armed {
			x.timer = nil // It may belong to a synctest bubble, whose timer a finalizer must not reset.
		}
		x.restore(e, hash, end)
	}
}

func (x *expiry[C]) refresh() {
	x.m.mu.Lock()
	defer x.m.mu.Unlock()
	if len(x.byHash) > 0 {
		x.check()
	}
}

// check returns entries that were updated after they had expired to the map, and forgets those that the
// program has dropped.
func (x *expiry[C]) check() {
	now := time.Now()
	for hash, list := range x.byHash {
		kept := list[:0]
		for _, end := range list {
			if e := end.entry.Value(); e != nil && !x.restore(e, hash, end) {
				kept = append(kept, end)
			}
		}
		x.setExpired(hash, list, kept)
	}
	x.checked = now
	x.shrink()
}

// shrink replaces the Go map of the expired entries if it has become much too large, because Go maps
// never shrink.
func (x *expiry[C]) shrink() {
	x.peak = max(x.peak, len(x.byHash))
	if len(x.byHash) >= (x.peak+1)/4 {
		return
	}
	x.peak = len(x.byHash)
	fresh := make(map[uint64][]*expiredEntry[C], len(x.byHash))
	maps.Copy(fresh, x.byHash)
	x.byHash = fresh
}

// setExpired replaces a list by kept, a part of it in the same memory.
func (x *expiry[C]) setExpired(hash uint64, list, kept []*expiredEntry[C]) {
	clear(list[len(kept):])
	if len(kept) == 0 {
		delete(x.byHash, hash)
		return
	}
	x.byHash[hash] = kept
}

// restore returns an entry to the map if it was updated after it had expired, and reports whether it
// did. If there is another entry with the same labels, or no room, that entry or the overflow series
// gets the increase instead.
func (x *expiry[C]) restore(e *Entry[C], hash uint64, end *expiredEntry[C]) bool {
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

// overflow returns the overflow series. If overflow creates it, its start timestamp is the time when
// the counts to be added were last seen to be zero.
func (x *expiry[C]) overflow(at time.Time) *Entry[C] {
	values := x.m.overflowValues()
	if e := x.m.find(values); e != nil {
		return e
	}
	returns := x.m.expired(x, x.m.hash(values), values) != nil // It returns with its own start timestamp.
	e := x.m.create(values, x.life.Init)
	if !returns {
		x.life.Begin(&e.Child, at)
	}
	return e
}

// restart puts an expired entry into the map, as a series with the start timestamp at.
func (x *expiry[C]) restart(e *Entry[C], hash, pulse uint64, at time.Time) {
	runtime.SetFinalizer(e, nil)
	x.life.Begin(&e.Child, at)
	x.m.put(e, hash)
	if x.after > 0 {
		x.watch(e, pulse, time.Now())
	}
}

// lastSeen returns the time when an entry was last seen without updates after its expiry.
func (x *expiry[C]) lastSeen(end *expiredEntry[C]) time.Time {
	if x.checked.After(end.at) {
		return x.checked
	}
	return end.at
}

func (x *expiry[C]) expired(hash uint64) []*Entry[C] { return appendHeld(nil, x.byHash[hash]) }

func (x *expiry[C]) allExpired() (entries []*Entry[C]) {
	for _, list := range x.byHash {
		entries = appendHeld(entries, list)
	}
	return entries
}

// appendHeld appends the entries that the program still holds.
func appendHeld[C any](entries []*Entry[C], list []*expiredEntry[C]) []*Entry[C] {
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

// take removes an entry from the expired ones. It returns nil if e was not among them.
func (x *expiry[C]) take(e *Entry[C], hash uint64) *expiredEntry[C] {
	list := x.byHash[hash]
	for i, end := range list {
		if end.entry.Value() == e {
			x.setExpired(hash, list, slices.Delete(list, i, i+1))
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
	for _, list := range x.byHash {
		for _, end := range list {
			end.forgotten = true
		}
	}
	clear(x.byHash)
	x.rewatch()
}
