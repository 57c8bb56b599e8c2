package labelmap

import "sync/atomic"

// Budget is a limit that the maps of all vectors of a registry share.
type Budget struct {
	Series int64      // maximum number of series of all maps together; 0 means no limit
	Values ValueLimit // for maps without their own value limit

	used atomic.Int64
}

// member is a budget that a map has joined.
type member struct {
	budget *Budget
	joined int // number of joins; a vector may be registered under several prefixes
}

// Used returns the number of series of all maps.
func (b *Budget) Used() int { return int(b.used.Load()) }

func (b *Budget) isFull() bool { return b.Series > 0 && b.used.Load() >= b.Series }

// take reserves room for one more series, and reports whether there was room.
func (b *Budget) take() bool {
	for {
		used := b.used.Load()
		if b.Series > 0 && used >= b.Series {
			return false
		}
		if b.used.CompareAndSwap(used, used+1) {
			return true
		}
	}
}

// Join makes the map obey b. From then on, b also counts the series of the map. A map that has joined several
// times must leave as often.
func (m *Map[C]) Join(b *Budget) { m.limited(func(l *limit) { l.join(b) }) }

// Leave undoes one [Map.Join].
func (m *Map[C]) Leave(b *Budget) { m.limited(func(l *limit) { l.leave(b) }) }

func (l *limit) join(b *Budget) {
	for i := range l.members {
		if l.members[i].budget == b {
			l.members[i].joined++
			return
		}
	}
	l.members = append(l.members, member{b, 1})
	b.used.Add(l.series.Load())
	l.choose()
}

func (l *limit) leave(b *Budget) {
	for i := range l.members {
		m := &l.members[i]
		if m.budget != b {
			continue
		}
		if m.joined--; m.joined > 0 {
			return
		}
		l.members = append(l.members[:i:i], l.members[i+1:]...)
		b.used.Add(-l.series.Load())
		l.choose()
		return
	}
}

// choose selects the budgets of members and the strictest value limit for lookups. The map's own limit takes
// precedence over the limits of budgets.
func (l *limit) choose() {
	values := l.ownValues
	budgets := make([]*Budget, len(l.members))
	for i, m := range l.members {
		budgets[i] = m.budget
		shared := m.budget.Values
		if l.ownValues.Bytes == 0 && shared.Bytes > 0 && (values.Bytes == 0 || shared.Bytes < values.Bytes) {
			values = shared
		}
	}
	l.budgets.Store(&budgets)
	if values.Bytes == 0 {
		l.values.Store(nil)
	} else {
		l.values.Store(&values)
	}
}
