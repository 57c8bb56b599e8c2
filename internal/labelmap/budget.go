package labelmap

import "sync/atomic"

// Budget is a limit that several maps have in common: those of the vectors of a registry.
type Budget struct {
	Series int64      // How many series the maps may have together; 0 if there is no limit.
	Values ValueLimit // For the maps that have no such limit of their own.

	used atomic.Int64
}

// member is a budget of a map.
type member struct {
	budget *Budget
	joined int // How often; the same vector may be registered under several prefixes.
}

// Used returns how many series the maps have.
func (b *Budget) Used() int { return int(b.used.Load()) }

func (b *Budget) isFull() bool { return b.Series > 0 && b.used.Load() >= b.Series }

// take makes room for one more series, and reports whether there was some.
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

// Join makes the map obey a budget, to which its series count from now on. A map that has
// joined several times has to leave as often.
func (m *Map[C]) Join(b *Budget) { m.limited(func(l *limit) { l.join(b) }) }

// Leave undoes one Join.
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

// choose makes the budgets of members, and the strictest limit for values, those that lookups
// see. A limit of the map's own comes before those of budgets.
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
