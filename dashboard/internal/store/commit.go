package store

import (
	"slices"
	"strings"
)

// kept is everything that a store keeps. Clear replaces it.
type kept struct {
	directory directory
	past      past
	scratch   scratch
}

// Commit adds the sample to the store and returns it. If the store has been cleared, or another round
// has begun meanwhile, Commit returns the sample without keeping it.
func (r *Round) Commit() *Snapshot {
	s, k := r.store, r.kept
	r.endFamily()
	if !s.isOpen(r) {
		return r.snapshot()
	}
	snapshot := r.snapshot()
	r.plan.numbers = len(r.numbers)

	// Only rounds change the recording, so it can be sealed without a lock.
	var sealed *generation
	if k.past.isFull(r.at, s.limits.Window, k.memoryForPast(s.limits.MaxBytes)) {
		sealed = k.past.now.seal()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != r {
		return snapshot
	}
	s.open = nil
	if sealed != nil {
		k.past.rotate(sealed, len(r.numbers))
	}
	k.past.now.record(r.at.UnixNano(), r.numbers)
	k.directory.apply(&r.plan, &k.past.now.departures, r.number)
	k.dropOld(r.at.UnixNano(), s.limits, r.plan.short)
	s.latest.Store(snapshot)
	return snapshot
}

// Discard drops the sample.
func (r *Round) Discard() {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	if r.store.open == r {
		r.store.open = nil
	}
}

// snapshot returns the sample.
func (r *Round) snapshot() *Snapshot {
	const slack = 8 // at most one part in slack of the memory may be unused
	if spare := cap(r.numbers) - len(r.numbers); spare > len(r.numbers)/slack {
		r.numbers = append(make([]float64, 0, len(r.numbers)), r.numbers...)
	}
	sections := r.plan.sections
	byName := func(a, b section) int { return strings.Compare(a.record.name, b.record.name) }
	if !slices.IsSortedFunc(sections, byName) {
		slices.SortFunc(sections, byName)
	}
	s := &Snapshot{At: r.at, Omitted: r.omitted, Numbers: r.numbers, Exemplars: r.exemplars}
	if r.last != nil && slices.EqualFunc(sections, r.last.Families, func(s section, f *Family) bool { return s.family == f }) {
		s.Families, s.Series = r.last.Families, r.last.Series
		return s
	}
	s.Families = make([]*Family, len(sections))
	for i := range sections {
		s.Families[i] = sections[i].family
		s.Series += len(sections[i].family.Series)
	}
	return s
}

// dropOld drops generations that are too old or too many. If makeRoom is true, it also drops the oldest
// generation, if series that are gone can be forgotten with it.
func (k *kept) dropOld(now int64, limits Limits, makeRoom bool) {
	for len(k.past.sealed) > 0 {
		oldest := k.past.sealed[0]
		tooOld := lastOf(oldest.times) < now-int64(limits.Window)
		tooMany := limits.MaxBytes > 0 && k.memory() > limits.MaxBytes
		if !tooOld && !tooMany && (!makeRoom || oldest.isEmpty()) {
			return
		}
		makeRoom = false
		k.directory.forget(&k.past.drop().departures)
	}
}

// memory returns the memory of everything, except the exemplars of the last snapshot.
func (k *kept) memory() int { return k.past.memory() + k.directory.memory() }

// memoryForPast returns the memory limit of the past, or 0 if there is no limit.
func (k *kept) memoryForPast(limit int) int {
	if limit <= 0 {
		return 0
	}
	return max(limit-k.directory.memory(), limit/leastPast)
}
