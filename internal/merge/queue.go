package merge

import (
	"cmp"
	"container/heap"

	"github.com/luxfi/metric/internal/model"
)

// queue is native series of one family, the smallest first. There may be thousands of lists:
// each instrument that shares its name with others is one.
type queue []*cursor

// cursor stands before a series that has not been taken yet.
type cursor struct {
	source  int // Of two that are equal, the one of the first source comes first.
	series  model.Series
	at      int
	point   model.Point // Series at.
	scratch model.Scratch
}

func newQueue(sources []model.Source) queue {
	cursors := make([]cursor, len(sources))
	q := make(queue, 0, len(sources))
	for i, source := range sources {
		c := &cursors[i]
		c.source, c.series = i, source.Series()
		if c.load() {
			q = append(q, c)
		}
	}
	heap.Init(&q)
	return q
}

// load reads the point, and tells whether there is one.
func (c *cursor) load() bool {
	if c.at == c.series.Len() {
		return false
	}
	c.series.At(c.at, &c.point, &c.scratch)
	return true
}

// next goes to the next series.
func (q *queue) next() {
	c := (*q)[0]
	c.at++
	if c.load() {
		heap.Fix(q, 0)
	} else {
		heap.Pop(q)
	}
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(model.ComparePoints(&a.point, &b.point), cmp.Compare(a.source, b.source)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(c any)   { *q = append(*q, c.(*cursor)) } //nolint:forcetypeassert // Nothing else is pushed.
func (q *queue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	*q = (*q)[:last]
	return c
}
