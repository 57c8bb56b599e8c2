package labelmap

import (
	"sync/atomic"
	"unicode/utf8"
	"unsafe"

	"github.com/luxfi/metric/internal/stripe"
)

// OverflowValue is the value of all variable labels of the overflow series, which counts everything
// that exceeds a limit.
const OverflowValue = "__overflow__"

// LongValues is the treatment of a new label set with a value that is too long.
type LongValues uint8

// The treatments of a new label set with a value that is too long.
const (
	TruncateLongValues LongValues = iota // The value is truncated at a rune boundary.
	OverflowLongValues                   // The overflow series counts the label set.
)

// limit holds the limits of a map and the state that they need. A map gets one when the first limit is
// set, and keeps it. The type does not depend on the type of the series, so that programs contain its
// code once.
//
// The limits apply only to new label sets: a lookup finds an existing series before it checks them. The
// overflow series counts everything that exceeds them. It is a series of the map like any other, except
// that it does not count toward the limits, and that lookups without room return it.
//
// Lookups read the fields without a lock. Only the holder of the map's mutex writes them.
type limit struct {
	over    atomic.Pointer[byte]      // live entry of the overflow series, or nil
	series  atomic.Int64              // number of series without the overflow series
	most    atomic.Int64              // the map's own series limit; 0 for no limit, or noRoom
	budgets atomic.Pointer[[]*Budget] // budgets of the registries; the slice is replaced, never modified
	values  atomic.Pointer[ValueLimit]

	ownValues ValueLimit // the map's own setting
	members   []member   // the same budgets, and how often the map has joined each of them

	diverted  stripe.Counter // lookups that returned the overflow series instead of their own
	long      stripe.Counter // lookups of new label sets with a value that was too long
	longLabel atomic.Int32   // index of the label that last had such a value
}

// noRoom is a limit that allows no series at all.
const noRoom = -1

// ValueLimit is a limit for the length of label values. The zero value sets no limit.
type ValueLimit struct {
	Bytes int
	Long  LongValues
}

// divert returns the overflow entry if new label sets with the given values belong there. It returns
// nil if the map must check further: there is room, a value must be truncated, or the overflow series
// does not exist yet. divert is the additional cost of a lookup that overflows, compared with one that
// finds its series.
func (l *limit) divert(values []string) *byte {
	over := l.over.Load()
	if over == nil {
		return nil
	}
	if limit := l.values.Load(); limit != nil {
		if i := limit.firstLong(values); i >= 0 {
			if limit.Long == TruncateLongValues {
				return nil
			}
			l.tooLong(i)
			l.diverted.Inc()
			return over
		}
	}
	if !l.isFull() {
		return nil
	}
	l.diverted.Inc()
	return over
}

// isFull reports whether there is no room for another series.
func (l *limit) isFull() bool {
	if most := l.most.Load(); most != 0 && l.series.Load() >= most {
		return true
	}
	if budgets := l.budgets.Load(); budgets != nil {
		for _, b := range *budgets {
			if b.isFull() {
				return true
			}
		}
	}
	return false
}

// take reserves room for one more series, and reports whether there was room. The caller must hold the
// mutex of the map.
func (l *limit) take() bool {
	if most := l.most.Load(); most != 0 && l.series.Load() >= most {
		return false
	}
	for i, m := range l.members {
		if !m.budget.take() {
			for _, taken := range l.members[:i] {
				taken.budget.used.Add(-1)
			}
			return false
		}
	}
	l.series.Add(1)
	return true
}

// add changes the number of series, whether there is room or not. The caller must hold the mutex of the
// map.
func (l *limit) add(n int) {
	l.series.Add(int64(n))
	for _, m := range l.members {
		m.budget.used.Add(int64(n))
	}
}

// fit replaces values in place if one of them is too long: by truncated values or, if the limit is
// [OverflowLongValues], by the values of the overflow series.
func (l *limit) fit(values []string) {
	limit := l.values.Load()
	if limit == nil {
		return
	}
	i := limit.firstLong(values)
	if i < 0 {
		return
	}
	l.tooLong(i)
	if limit.Long == OverflowLongValues {
		l.diverted.Inc()
		overflow(values)
		return
	}
	for i, value := range values {
		values[i] = limit.cut(value)
	}
}

// tooLong counts a lookup with a value that was too long for the label with the given index.
func (l *limit) tooLong(label int) {
	l.long.Inc()
	if l.longLabel.Load() != int32(label) {
		l.longLabel.Store(int32(label))
	}
}

// firstLong returns the index of the first value that is too long, or -1.
func (l *ValueLimit) firstLong(values []string) int {
	for i, value := range values {
		if len(value) > l.Bytes {
			return i
		}
	}
	return -1
}

// cut truncates a value that is too long, without leaving part of a rune.
func (l *ValueLimit) cut(value string) string {
	if len(value) <= l.Bytes {
		return value
	}
	end := l.Bytes
	for end > 0 && l.Bytes-end < utf8.UTFMax && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

// overflow sets values to the label values of the overflow series.
func overflow(values []string) {
	for i := range values {
		values[i] = OverflowValue
	}
}

// isOverflow reports whether values are the label values of the overflow series.
func isOverflow(values []string) bool {
	for _, value := range values {
		if value != OverflowValue {
			return false
		}
	}
	return true
}

// limited calls do with the limits of the map while it holds the mutex.
func (m *Map[C]) limited(do func(*limit)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.limit.Load()
	if l == nil {
		l = new(limit)
		l.series.Store(m.live.Load())
		if e := m.find(m.overflowValues()); e != nil {
			l.over.Store(erase(e))
			l.series.Add(-1)
		}
		t := m.table.Load()
		t.thin = 1
		m.table.Store(t.rebuild(int(m.live.Load()), m.tombstone))
	}
	do(l)
	m.limit.Store(l)
}

// SetLimit sets the maximum number of series of the map, without the overflow series. 0 means no limit.
// If there are already more, they stay.
func (m *Map[C]) SetLimit(series int) {
	m.limited(func(l *limit) { l.most.Store(int64(series)) })
}

// SetValueLimit sets the limit for label values. With the zero value, the limits of the budgets apply.
func (m *Map[C]) SetValueLimit(values ValueLimit) {
	m.limited(func(l *limit) {
		l.ownValues = values
		l.choose()
	})
}

// Fit replaces values in place if one of them is too long: by the values of the series that is used instead.
// No series has the given values. If values may be too long, the caller must call Fit before
// [Map.GetOrCreate].
func (m *Map[C]) Fit(values []string) {
	if l := m.limit.Load(); l != nil {
		l.fit(values)
	}
}

// Cut returns the value that a label of a new series has instead of value.
func (m *Map[C]) Cut(value string) string {
	if l := m.limit.Load(); l != nil {
		if limit := l.values.Load(); limit != nil && limit.Long == TruncateLongValues {
			return limit.cut(value)
		}
	}
	return value
}

// IsFull reports whether the overflow series would count a new label set.
func (m *Map[C]) IsFull() bool {
	l := m.limit.Load()
	return l != nil && l.isFull()
}

// IsOverflow reports whether e is the overflow series, which callers must not keep as the series of
// another label set: this one gets its own series when there is room again.
func (m *Map[C]) IsOverflow(e *Entry[C]) bool {
	l := m.limit.Load()
	return l != nil && l.over.Load() == erase(e)
}

// Overflow counts a label set for which there was no room, and returns the values of the overflow
// series.
func (m *Map[C]) Overflow() []string {
	if l := m.limit.Load(); l != nil {
		l.diverted.Inc()
	}
	return m.overflowValues()
}

func (m *Map[C]) overflowValues() []string {
	values := make([]string, m.count)
	overflow(values)
	return values
}

// admit reports whether e, which has the given values and is not in the map yet, may be added. The
// caller must hold the mutex, and must add e if admit returns true.
func (m *Map[C]) admit(e *Entry[C], values []string) bool {
	l := m.limit.Load()
	if l == nil {
		return true
	}
	if isOverflow(values) {
		l.over.Store(erase(e))
		return true
	}
	return l.take()
}

// release releases the room of an entry that is no longer in the map. The caller must hold the mutex.
func (m *Map[C]) release(e *Entry[C]) {
	if l := m.limit.Load(); l != nil && !l.over.CompareAndSwap(erase(e), nil) {
		l.add(-1)
	}
}

// releaseAll releases all room. The caller must hold the mutex.
func (m *Map[C]) releaseAll() {
	if l := m.limit.Load(); l != nil {
		l.over.Store(nil)
		l.add(-int(l.series.Load()))
	}
}

// recount counts the series again after a swap. The caller must hold the mutex.
func (m *Map[C]) recount() {
	l := m.limit.Load()
	if l == nil {
		return
	}
	series := m.live.Load()
	var over *byte
	if e := m.find(m.overflowValues()); e != nil {
		over = erase(e)
		series--
	}
	l.over.Store(over)
	l.add(int(series - l.series.Load()))
}

// adopt adds the counts of from. The map of l has taken over the series from the map of from.
func (l *limit) adopt(from *limit) {
	from.diverted.MoveTo(&l.diverted)
	if from.long.Value() > 0 {
		from.long.MoveTo(&l.long)
		l.longLabel.Store(from.longLabel.Load())
	}
}

// NewLike returns an empty map with the limits of m, to be filled and swapped with m. It may use the
// room of the series of m for which match returns true, or of all series if match is nil, and the room
// that the limits currently leave. match is as in [Map.Swap].
func (m *Map[C]) NewLike(match func(*Entry[C]) bool) *Map[C] {
	like := New[C](m.layout)
	like.mask = m.mask
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.limit.Load()
	if l == nil {
		return like
	}
	replaced := l.series.Load()
	if match != nil {
		replaced = 0
		for e := range m.table.Load().all() {
			if match(e) && !m.IsOverflow(e) {
				replaced++
			}
		}
	}
	like.limit.Store(l.newLike(replaced))
	return like
}

// newLike returns a limit for a map that will replace the given number of series.
func (l *limit) newLike(replaced int64) *limit {
	like := new(limit)
	like.values.Store(l.values.Load())
	left := func(limit, used int64) {
		if limit == 0 {
			return
		}
		room := limit - used + replaced
		if room <= 0 {
			room = noRoom
		}
		if most := like.most.Load(); most == 0 || room < most {
			like.most.Store(room)
		}
	}
	left(l.most.Load(), l.series.Load())
	for _, joined := range l.members {
		left(joined.budget.Series, joined.budget.used.Load())
	}
	return like
}

func erase[C any](e *Entry[C]) *byte { return (*byte)(unsafe.Pointer(e)) }
