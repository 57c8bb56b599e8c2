package labelmap

import (
	"sync/atomic"
	"unicode/utf8"
	"unsafe"

	"github.com/luxfi/metric/internal/stripe"
)

// OverflowValue is the value of all variable labels of the series that counts what exceeds a
// limit.
const OverflowValue = "__overflow__"

// LongValues is what happens to a new label set with a value that is too long.
type LongValues uint8

// What happens to a new label set with a value that is too long.
const (
	TruncateLongValues LongValues = iota // The value is cut at a rune boundary.
	OverflowLongValues                   // The overflow series counts the label set.
)

// limit holds the limits of a map and the state that they need. A map gets one when the first
// limit is set, and keeps it. A limit knows no types of series, so that programs contain this
// code once.
//
// The limits apply to new label sets only: a series that exists is found before they are asked.
// What exceeds them is counted by the overflow series, which is a series of the map like any
// other, but for two things: it does not count, and lookups that find no room return it.
//
// Lookups read the fields without a lock. Only the holder of the map's mutex writes them.
type limit struct {
	over    atomic.Pointer[byte]      // The live entry of the overflow series, or nil.
	series  atomic.Int64              // The number of series without the overflow series.
	most    atomic.Int64              // The map's own limit for series; 0 if it has none, or noRoom.
	budgets atomic.Pointer[[]*Budget] // Of the registries. The slice is replaced, never changed.
	values  atomic.Pointer[ValueLimit]

	ownValues ValueLimit // The map's own setting.
	members   []member   // The same budgets, and how often the map has joined each of them.

	diverted  stripe.Counter // Lookups that returned the overflow series in place of their own.
	long      stripe.Counter // Lookups of new label sets with a value that was too long.
	longLabel atomic.Int32   // The index of the label that last had such a value.
}

// noRoom is a limit for series that leaves room for none.
const noRoom = -1

// ValueLimit is a limit for the length of label values. The zero value sets no limit.
type ValueLimit struct {
	Bytes int
	Long  LongValues
}

// divert returns the overflow entry if new label sets with these values belong there, and nil if
// the map has to look closer: there is room, a value has to be cut, or the overflow series does
// not exist yet. It is what a lookup that overflows costs more than one that finds its series.
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

// take makes room for one more series, and reports whether there was some. The caller holds the
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

// add changes the number of series, whether there is room or not. The caller holds the mutex of
// the map.
func (l *limit) add(n int) {
	l.series.Add(int64(n))
	for _, m := range l.members {
		m.budget.used.Add(int64(n))
	}
}

// fit changes values, which belong to the caller, into those of the series that counts them, as
// far as the limit for their length decides that.
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

// tooLong counts a lookup with a value that was too long, of the label with that index.
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

// cut returns the beginning of a value that is too long, without a part of a rune at its end.
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

// overflow makes values those of the overflow series.
func overflow(values []string) {
	for i := range values {
		values[i] = OverflowValue
	}
}

// isOverflow reports whether values are those of the overflow series.
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

// SetLimit sets how many series the map may have besides the overflow series. 0 is no limit. If
// there are more, they stay.
func (m *Map[C]) SetLimit(series int) {
	m.limited(func(l *limit) { l.most.Store(int64(series)) })
}

// SetValueLimit sets the limit for label values. The zero value leaves it to the budgets.
func (m *Map[C]) SetValueLimit(values ValueLimit) {
	m.limited(func(l *limit) {
		l.ownValues = values
		l.choose()
	})
}

// Fit changes values, which belong to the caller and are those of no series, into those of the
// series that has to count them. It must be called before GetOrCreate where values may be too
// long.
func (m *Map[C]) Fit(values []string) {
	if l := m.limit.Load(); l != nil {
		l.fit(values)
	}
}

// Cut returns the value that a label of a new series has in the place of value.
func (m *Map[C]) Cut(value string) string {
	if l := m.limit.Load(); l != nil {
		if limit := l.values.Load(); limit != nil && limit.Long == TruncateLongValues {
			return limit.cut(value)
		}
	}
	return value
}

// IsFull reports whether a new label set would be counted by the overflow series.
func (m *Map[C]) IsFull() bool {
	l := m.limit.Load()
	return l != nil && l.isFull()
}

// IsOverflow reports whether e is the overflow series, which must not be kept as the series of
// other label sets: they get series of their own when there is room again.
func (m *Map[C]) IsOverflow(e *Entry[C]) bool {
	l := m.limit.Load()
	return l != nil && l.over.Load() == erase(e)
}

// Overflow returns the values of the overflow series for a label set that has found no room, and
// counts it.
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

// admit reports whether e, which is not in the map yet and has these values, may be in it. The
// caller holds the mutex, and adds e if it may.
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

// release gives the room of an entry back that is not in the map any more. The caller holds the
// mutex.
func (m *Map[C]) release(e *Entry[C]) {
	if l := m.limit.Load(); l != nil && !l.over.CompareAndSwap(erase(e), nil) {
		l.add(-1)
	}
}

// releaseAll gives all room back. The caller holds the mutex.
func (m *Map[C]) releaseAll() {
	if l := m.limit.Load(); l != nil {
		l.over.Store(nil)
		l.add(-int(l.series.Load()))
	}
}

// recount counts the series after others have taken their places. The caller holds the mutex.
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

// adopt adds what the limit of a map has counted whose series are now in this one.
func (l *limit) adopt(from *limit) {
	from.diverted.MoveTo(&l.diverted)
	if from.long.Value() > 0 {
		from.long.MoveTo(&l.long)
		l.longLabel.Store(from.longLabel.Load())
	}
}

// Likeness returns an empty map with the limits of m, to be filled and swapped with it. It may
// use the room that the series of m have for which match returns true, all of them if match is nil,
// and what its limits have left at that time. Match is as in [Map.Swap].
func (m *Map[C]) Likeness(match func(*Entry[C]) bool) *Map[C] {
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
	like.limit.Store(l.likeness(replaced))
	return like
}

// likeness returns a limit for a map that will take the place of so many series.
func (l *limit) likeness(replaced int64) *limit {
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
