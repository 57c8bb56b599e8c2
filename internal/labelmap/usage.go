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

// Usage is the size of a map and the effect of its limits.
type Usage struct {
	Series     int // number of series including the overflow series
	Limit      int // the map's own limit; 0 for no limit
	Values     ValueLimit
	Full       bool    // There is no room for another series.
	By         *Budget // the full budget, if the map's own limit leaves room
	Overflowed uint64  // lookups that returned the overflow series instead of their own
	Long       uint64  // lookups of new label sets with a value that was too long
	LongLabel  string  // label that last had such a value; empty if none had

	Expiry  time.Duration // time after which series without updates expire; 0 if they do not
	Expired uint64        // number of series that have expired
}

// Usage returns the usage of the map.
func (m *Map[C]) Usage() Usage {
	u := Usage{Series: m.Len()}
	if l := m.limit.Load(); l != nil {
		l.describe(&u, m.layout)
	}
	m.expiryUsage.describe(&u)
	return u
}

// expiryUsage holds the setting of a map's expiry and its counts.
type expiryUsage struct {
	after   atomic.Int64 // nanoseconds; see expiry
	expired atomic.Uint64
}

func (t *expiryUsage) describe(u *Usage) {
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

// Names returns the names of the variable labels. The caller must not modify the slice.
func (m *Map[C]) Names() []string { return m.layout.Names() }

// LabelUsage describes the values of a label.
type LabelUsage struct {
	Name     string
	Values   int
	Longest  int      // length of the longest value in bytes
	Examples []string // a few of the values, truncated
}

const (
	maxExamples     = 3
	maxExampleBytes = 64
)

// Labels returns the values of each label, the labels with the most values first, and the number of
// bytes of the series, without memory that their children refer to. It takes time and memory in
// proportion to the number of series, but does not hold a lock meanwhile.
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
	values []map[string]struct{} // by label
	all    []LabelUsage          // by label
	bytes  int                   // size of the texts of all series
}

func newLabelCount(layout *model.Layout) *labelCount {
	c := &labelCount{layout: layout, values: make([]map[string]struct{}, len(layout.Names()))}
	for i, name := range layout.Names() {
		c.values[i] = make(map[string]struct{})
		c.all = append(c.all, LabelUsage{Name: name})
	}
	return c
}

// add counts the values of a series. They must stay valid.
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

// shorten returns a copy of text, truncated at a rune boundary.
func shorten(text string, bytes int) string {
	if len(text) <= bytes {
		return strings.Clone(text)
	}
	limit := ValueLimit{Bytes: bytes}
	return limit.cut(text) + "…"
}
