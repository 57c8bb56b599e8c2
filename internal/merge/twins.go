package merge

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	common "github.com/prometheus/common/model"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/naming"
)

// twins finds series of a family whose labels differ, but not to a reader: a label with an empty value
// equals a missing label, and different names may be the same after escaping. Series without such labels
// come first, and all others in their order.
//
// If all series have the same label names, there are no twins, so this usually costs nothing. A nil *twins
// finds none.
type twins struct {
	scheme naming.Scheme
	seen   map[string]struct{}
	key    []byte
	labels []span // positions in key
	sorted []byte
}

type span struct{ name, start, end int }

// separator occurs neither in names nor in values, because these are UTF-8.
const separator = '\xff'

// findTwins returns nil unless the family may have twins. queue must be at the beginning of all native
// series.
func (w *writer) findTwins(g *group, queue queue) *twins {
	if w.haveSameNames(g, queue) {
		return nil
	}
	t := &twins{scheme: w.in.Scheme}
	irregular := false
	w.each(g, queue, func(p *model.Point) { irregular = irregular || t.isIrregular(p.Labels) })
	if !irregular {
		return nil
	}
	t.seen = make(map[string]struct{})
	w.each(g, queue, func(p *model.Point) {
		if !t.isIrregular(p.Labels) {
			t.seen[string(t.keyOf(p))] = struct{}{}
		}
	})
	return t
}

// haveSameNames reports whether all series of a family have the same label names. Those of one source do,
// unless it is mixed.
func (w *writer) haveSameNames(g *group, queue queue) bool {
	if slices.ContainsFunc(g.native, model.IsMixed) {
		return false
	}
	if len(queue) == 0 {
		return w.sorter.same || len(g.foreign) < 2
	}
	names := queue[0].point.Labels.AppendNames(nil)
	for _, c := range queue[1:] {
		if !names.Has(c.point.Labels) {
			return false
		}
	}
	return len(g.foreign) == 0 || w.sorter.same && names.Has(g.foreign[0].sample.Point.Labels)
}

// each calls f for all points of a family.
func (w *writer) each(g *group, queue queue, f func(*model.Point)) {
	for _, r := range g.foreign {
		f(&r.sample.Point)
	}
	var (
		p       model.Point
		scratch model.Scratch
	)
	for _, c := range queue {
		look(func() {
			series := c.series
			if model.IsSequential(series) {
				series = c.source.Series() // The queue goes on with its own.
			}
			for i := range series.Len() {
				series.At(i, &p, &scratch)
				f(&p)
			}
		})
	}
}

// isIrregular reports whether a label has an empty value or must be escaped.
func (t *twins) isIrregular(l model.Labels) bool {
	return strings.Contains(l.Text(), `=""`) || t.scheme.Escaping != common.NoEscaping && l.Quoted()
}

// has reports whether a series is the twin of an earlier one. It must be called once for each series.
func (t *twins) has(p *model.Point) bool {
	if t == nil || !t.isIrregular(p.Labels) {
		return false
	}
	key := t.keyOf(p)
	if _, ok := t.seen[string(key)]; ok {
		return true
	}
	t.seen[string(key)] = struct{}{}
	return false
}

// sortLabels sorts the few labels by name. The sort is stable.
func (t *twins) sortLabels() {
	for i := range t.labels {
		for ; i > 0 && bytes.Compare(t.nameOf(i), t.nameOf(i-1)) < 0; i-- {
			t.labels[i], t.labels[i-1] = t.labels[i-1], t.labels[i]
		}
	}
}

func (t *twins) nameOf(label int) []byte {
	s := t.labels[label]
	return t.key[s.name:s.start]
}

// keyOf returns what twins have in common. It is valid until the next call.
func (t *twins) keyOf(p *model.Point) []byte {
	t.key, t.labels = t.key[:0], t.labels[:0]
	for c := p.Labels.Cursor(); c.Next(); {
		if c.RawValue == "" {
			continue
		}
		s := span{name: len(t.key)}
		t.key = t.scheme.AppendLabelName(t.key, c.Name)
		s.start = len(t.key)
		t.key = append(t.key, separator)
		t.key = append(t.key, c.RawValue...)
		t.key = append(t.key, separator)
		s.end = len(t.key)
		t.labels = append(t.labels, s)
	}
	t.sortLabels()
	t.sorted = t.sorted[:0]
	for _, s := range t.labels {
		t.sorted = append(t.sorted, t.key[s.name:s.end]...)
	}
	if p.HasTimestamp {
		t.sorted = strconv.AppendInt(t.sorted, p.TimestampMs, 10)
	}
	return t.sorted
}
