package labelmap

import (
	"maps"
	"runtime"
	"slices"
	"time"
	"weak"
)

// ended is an entry that has expired. It is found by its hash.
type ended[C any] struct {
	entry     weak.Pointer[Entry[C]]
	pulse     uint64
	at        time.Time // When it expired.
	forgotten bool
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
		if !x.armed {
			x.timer = nil // It may be one of a synctest bubble, which a finalizer must not reset.
		}
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
