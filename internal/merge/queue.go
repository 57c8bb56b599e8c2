package merge

import (
	"cmp"
	"container/heap"

	"github.com/luxfi/metric/internal/model"
)

// queue is a heap with a cursor for each native source of one family. The cursor with the smallest series is
// first. It is a heap because there may be thousands of sources: if many instruments have the same name, each
// of them is a source.
type queue []*cursor

// cursor is a position in the series of one source, before a series that has not been taken yet.
type cursor struct {
	index   int // index of the source; the lower one of two equal series comes first
	source  model.Source
	series  model.Series // all series of the source; nil until load is called
	at      int
	point   model.Point // the series at the position
	scratch model.Scratch
	panics  func(value any) // reports a panic of the source
}

// newQueue returns a queue of the native sources of a group. If a source panics, the queue reports that, and
// has no further series of this source.
func newQueue(g *group, in *Input) queue {
	cursors := make([]cursor, len(g.native))
	q := make(queue, 0, len(g.native))
	for i, source := range g.native {
		c := &cursors[i]
		c.index, c.source = i, source
		c.panics = func(value any) { in.reportPanic(g.owner(i), value) }
		if c.load() {
			q = append(q, c)
		}
	}
	heap.Init(&q)
	return q
}

// load reads the series at the position, and reports whether there is one.
func (c *cursor) load() (ok bool) {
	defer func() {
		if value := recover(); value != nil {
			c.panics(value)
			ok = false
		}
	}()
	if c.series == nil {
		c.series = c.source.Series()
	}
	if c.at == c.series.Len() {
		return false
	}
	c.series.At(c.at, &c.point, &c.scratch)
	return true
}

// next advances to the next series.
func (q *queue) next() {
	c := (*q)[0]
	c.at++
	if c.load() {
		heap.Fix(q, 0)
	} else {
		heap.Pop(q)
	}
}

// Len, Less, Swap, Push and Pop implement [heap.Interface].
func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(model.ComparePoints(&a.point, &b.point), cmp.Compare(a.index, b.index)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(c any)   { *q = append(*q, c.(*cursor)) } //nolint:forcetypeassert // Nothing else is pushed.
func (q *queue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
