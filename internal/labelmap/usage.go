package labelmap

import (
	"cmp"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// Usage is how much a map has, and what its limits did to it.
type Usage struct {
	Series     int // Including the overflow series.
	Limit      int // The map's own limit; 0 if it has none.
	Values     ValueLimit
	Full       bool    // There is no room for another series.
	By         *Budget // The budget that is full, if the map's own limit leaves room.
	Overflowed uint64  // Lookups that returned the overflow series in place of their own.
	Long       uint64  // Lookups of new label sets with a value that was too long.
	LongLabel  string  // The label that last had such a value; empty if none had.

	Expiry  time.Duration // After what time series expire that are not updated; 0 if they do not.
	Expired uint64        // Series that have expired.
}

// Usage returns how much the map has.
func (m *Map[C]) Usage() Usage {
	u := Usage{Series: m.Len()}
	if l := m.limit.Load(); l != nil {
		l.describe(&u, m.layout)
	}
	m.toll.describe(&u)
	return u
}

// toll is what the expiry of a map is, and what it has done.
type toll struct {
	after   atomic.Int64 // Nanoseconds; see expiry.
	expired atomic.Uint64
}

func (t *toll) describe(u *Usage) {
	u.Expiry, u.Expired = time.Duration(t.after.Load()), t.expired.Load()
}

func (l *limit) describe(u *Usage, layout *model.Layout) {
	u.Limit = int(l.most.Load())
	u.Full = u.Limit > 0 && int(l.series.Load()) >= u.Limit
	if budgets := l.budgets.Load(); budgets != nil && !u.Full {
		for _, b := range *budgets {
			if b.isFull() {
				u.Full, u.By = true, b
				break
			}
		}
	}
	if values := l.values.Load(); values != nil {
		u.Values = *values
	}
	u.Overflowed, u.Long = uint64(l.diverted.Value()), uint64(l.long.Value())
	if u.Long > 0 {
		u.LongLabel = layout.Names()[l.longLabel.Load()]
	}
}

// Names returns the names of the variable labels. The slice is read-only.
func (m *Map[C]) Names() []string { return m.layout.Names() }

// LabelUsage is how many values a label has.
type LabelUsage struct {
	Name     string
	Values   int
	Longest  int      // The length of the longest value, in bytes.
	Examples []string // A few of the values, shortened.
}

const (
	maxExamples     = 3
	maxExampleBytes = 64
)

// Labels counts the values of each label, those with the most values first, and the bytes that
// the series take, without what they keep elsewhere. It takes time and memory in proportion to
// the number of series, but no lock meanwhile.
func (m *Map[C]) Labels() (labels []LabelUsage, bytes int) {
	entries := m.Sorted()
	count := newLabelCount(m.layout)
	for _, e := range entries {
		count.add(e.Labels())
	}
	// A series has a pointer in the table, one in the list for scrapes, and its text.
	perSeries := int(unsafe.Sizeof(Entry[C]{})) + int(unsafe.Sizeof(slot[C]{})) + int(unsafe.Sizeof(&Entry[C]{}))
	return count.labels(), count.bytes + len(entries)*perSeries
}

// labelCount counts the values of labels.
type labelCount struct {
	layout *model.Layout
	values []map[string]struct{} // By label.
	all    []LabelUsage          // By label.
	bytes  int                   // Of the texts of all series.
}

func newLabelCount(layout *model.Layout) *labelCount {
	c := &labelCount{layout: layout, values: make([]map[string]struct{}, len(layout.Names()))}
	for i, name := range layout.Names() {
		c.values[i] = make(map[string]struct{})
		c.all = append(c.all, LabelUsage{Name: name})
	}
	return c
}

// add counts the values of a series, which stay valid.
func (c *labelCount) add(labels model.Labels) {
	c.bytes += len(labels.Text())
	for i, value := range c.layout.Values(labels) {
		if _, known := c.values[i][value]; known {
			continue
		}
		c.values[i][value] = struct{}{}
		c.all[i].Longest = max(c.all[i].Longest, len(value))
		if len(c.all[i].Examples) < maxExamples && value != OverflowValue {
			c.all[i].Examples = append(c.all[i].Examples, shorten(value, maxExampleBytes))
		}
	}
}

func (c *labelCount) labels() []LabelUsage {
	for i := range c.all {
		c.all[i].Values = len(c.values[i])
	}
	order.By(c.all, func(a, b LabelUsage) int { return cmp.Compare(b.Values, a.Values) })
	return c.all
}

// shorten returns a copy of the beginning of a text, cut at a rune boundary.
func shorten(text string, bytes int) string {
	if len(text) <= bytes {
		return strings.Clone(text)
	}
	limit := ValueLimit{Bytes: bytes}
	return limit.cut(text) + "…"
}
