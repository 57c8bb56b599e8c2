package relabel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/luxfi/metric/internal/model"
	"github.com/luxfi/metric/internal/order"
)

// Sources implements collect.Reshaper.
func (r *reshaper) Sources(source model.Source, report func(n int, err error)) []model.Source {
	f, key := source.Family(), model.KeyOf(source)
	if state := r.state(f); state.whole != nil {
		v := state.whole
		if n := model.LenOf(source); n > 0 {
			wrong := note{errs: v.errs}
			if v.dropped {
				wrong.left = n
			}
			wrong.report(report)
		}
		switch {
		case v.dropped:
			return nil
		case *v.family == *f && v.edit == nil:
			return []model.Source{source}
		}
		o := &output{family: v.family, edit: v.edit, count: model.LenOf(source), all: true, mixed: model.IsMixed(source)}
		return []model.Source{&shaped{output: o, inner: source, key: key, report: report}}
	}
	if key == nil {
		return r.passing(source, report)
	}
	s := r.store.native(key).shapeOf(r, source)
	for i := range s.notes {
		s.notes[i].report(report)
	}
	if s.unchanged {
		return []model.Source{source}
	}
	sources := make([]model.Source, 0, len(s.outputs))
	for _, o := range s.outputs {
		sources = append(sources, &shaped{output: o, shape: s, key: s.of, report: report})
	}
	return sources
}

// native holds the latest shape of a source that persists from scrape to scrape.
type native struct {
	used lastUse

	mu   sync.Mutex // held while the shape is made
	last *shape
}

// shapeOf returns the shape of the source for the current series.
func (n *native) shapeOf(r *reshaper, source model.Source) *shape {
	n.mu.Lock()
	defer n.mu.Unlock()
	series := source.Series()
	snapshot := model.SnapshotOf(series)
	if n.last == nil || snapshot == nil || n.last.snapshot != snapshot {
		b := shaping{
			reshaper: r, family: source.Family(), mixed: model.IsMixed(source), old: n.last,
			shape: &shape{of: n, name: source.Family().Name, snapshot: snapshot, series: series},
		}
		b.run()
		n.last = b.shape
	}
	return n.last
}

// A shape records how the steps of a pipeline change the series of a source. It is immutable.
type shape struct {
	of        *native
	name      string // name of the source's family
	snapshot  any    // snapshot of the series, or nil if the source has none; see model.SnapshotOf
	series    model.Series
	results   []seriesResult // nil if the source is unchanged
	outputs   []*output
	notes     []note
	unchanged bool // whether the source can be served as it is
}

// A seriesResult is the result for one series.
type seriesResult struct {
	output int32 // index of outputs, or negative if the series is dropped
	note   int32 // index of notes, or negative
	labels model.Labels
}

// An output is a family that receives series of a source.
type output struct {
	family    *model.Family
	edit      *edit
	relabeled bool    // whether some series have other labels than before
	order     []int32 // indices of the series, sorted by their new labels; nil if all is set
	all       bool    // whether the output has all series, in their original order
	mixed     bool    // whether the series may differ in more than their label values; see model.MixedSource
	count     int
}

// isPlain reports whether the series are unchanged.
func (o *output) isPlain() bool { return !o.relabeled && o.edit == nil }

// A note holds errors that several series have in common.
type note struct {
	errs []error
	left int // number of series that are left out because of the last error
}

func (n *note) report(report func(n int, err error)) {
	for i, err := range n.errs {
		if i < len(n.errs)-1 {
			report(0, err)
		} else {
			report(n.left, err)
		}
	}
}

// shaping builds a shape.
type shaping struct {
	*shape

	reshaper *reshaper
	family   *model.Family
	mixed    bool // whether the source is mixed
	old      *shape

	outputs map[outputKey]int32
	noted   map[string]int32
}

type outputKey struct {
	family *model.Family
	edit   *edit
}

func (b *shaping) run() {
	b.outputs, b.noted = make(map[outputKey]int32), make(map[string]int32)
	var (
		p, q       model.Point
		scratch, s model.Scratch
		next       int // index of the next series of the old shape
	)
	n := b.series.Len()
	b.results = make([]seriesResult, n)
	for i := range n {
		b.series.At(i, &p, &scratch)
		// The old and the current series are sorted, so one pass finds the series that existed before.
		known := false
		for ; b.old != nil && next < b.old.series.Len() && !known; next++ {
			b.old.series.At(next, &q, &s)
			c := model.CompareLabels(q.Labels, p.Labels)
			if c > 0 {
				break
			}
			known = c == 0
		}
		if known {
			b.results[i] = b.again(next - 1)
		} else {
			b.results[i] = b.decide(&p)
		}
	}
	b.finish()
}

// decide evaluates the steps for a series.
func (b *shaping) decide(p *model.Point) seriesResult {
	v := b.reshaper.evaluate(b.reshaper.steps, b.family, p)
	f := seriesResult{output: -1, note: -1}
	f.note = b.note(v.errs, v.dropped)
	if v.dropped {
		return f
	}
	f.output = b.output(v.family, v.edit)
	if v.relabeled {
		f.labels = v.labels
		b.shape.outputs[f.output].relabeled = true
	} else {
		f.labels = unchangedLabels
	}
	return f
}

// unchangedLabels stands for the original labels of a series. No rule can produce this value.
var unchangedLabels = model.RawLabels("\x00", false)

// again adopts the result that the old shape has for its series i.
func (b *shaping) again(i int) seriesResult {
	f := seriesResult{note: -1, labels: unchangedLabels}
	if b.old.results != nil {
		f = b.old.results[i]
	}
	if f.note >= 0 {
		f.note = b.note(b.old.notes[f.note].errs, f.output < 0)
	}
	if f.output >= 0 {
		o := b.old.outputs[f.output]
		f.output = b.output(o.family, o.edit)
		if f.labels != unchangedLabels {
			b.shape.outputs[f.output].relabeled = true
		}
	}
	return f
}

// note records the errors about a series. It returns the index of the note, or -1 if there are no errors.
func (b *shaping) note(errs []error, leftOut bool) int32 {
	if len(errs) == 0 {
		return -1
	}
	text := errors.Join(errs...).Error()
	i, known := b.noted[text]
	if !known {
		i = int32(len(b.notes))
		b.noted[text] = i
		b.notes = append(b.notes, note{errs: errs})
	}
	if leftOut {
		b.notes[i].left++
	}
	return i
}

func (b *shaping) output(f *model.Family, by *edit) int32 {
	k := outputKey{f, by}
	i, known := b.outputs[k]
	if !known {
		i = int32(len(b.shape.outputs))
		b.outputs[k] = i
		b.shape.outputs = append(b.shape.outputs, &output{family: f, edit: by})
	}
	return i
}

// finish sorts the series of each output and leaves out duplicates.
func (b *shaping) finish() {
	for i := range b.results {
		if f := &b.results[i]; f.output >= 0 {
			o := b.shape.outputs[f.output]
			o.order = append(o.order, int32(i))
		}
	}
	for _, o := range b.shape.outputs {
		if o.relabeled {
			b.sort(o)
		}
		o.mixed = b.isMixed(o)
		o.count = len(o.order)
		if o.count == len(b.results) && isAscending(o.order) {
			o.order, o.all = nil, true
		}
	}
	if len(b.shape.outputs) == 1 {
		o := b.shape.outputs[0]
		if b.unchanged = o.all && o.isPlain() && *o.family == *b.family && len(b.notes) == 0; b.unchanged {
			b.results = nil
		}
	}
}

// isMixed reports whether the series of an output may differ in more than their label values. Scrapes compare
// the series of a mixed output with each other again.
func (b *shaping) isMixed(o *output) bool {
	if !o.relabeled {
		return b.mixed
	}
	var names model.Names
	for i, at := range o.order {
		now, _ := b.labelsOf(at)
		if i == 0 {
			names = now.AppendNames(nil)
		}
		if now.Quoted() || !names.Has(now) || strings.Contains(now.Text(), `=""`) {
			return true
		}
	}
	return false
}

func isAscending(order []int32) bool {
	for i, at := range order {
		if int(at) != i {
			return false
		}
	}
	return true
}

// labelsOf returns the current labels of a series and its original ones.
func (s *shape) labelsOf(i int32) (now, before model.Labels) {
	var (
		p       model.Point
		scratch model.Scratch
	)
	s.series.At(int(i), &p, &scratch)
	before = p.Labels.Keep()
	if s.results == nil || s.results[i].labels == unchangedLabels {
		return before, before
	}
	return s.results[i].labels, before
}

// sort sorts the series of an output by their current labels. If several have the same labels, only the
// first one is kept.
func (b *shaping) sort(o *output) {
	type keyed struct {
		at     int32
		labels model.Labels
	}
	list := make([]keyed, len(o.order))
	for i, at := range o.order {
		now, _ := b.labelsOf(at)
		list[i] = keyed{at, now}
	}
	if !slices.IsSortedFunc(list, func(x, y keyed) int { return model.CompareLabels(x.labels, y.labels) }) {
		order.By(list, func(x, y keyed) int {
			if c := model.CompareLabels(x.labels, y.labels); c != 0 {
				return c
			}
			return int(x.at - y.at)
		})
	}
	o.order = o.order[:0]
	twins := twins{of: o.family, report: func(n int, err error) { b.notes = append(b.notes, note{[]error{err}, n}) }}
	for i, k := range list {
		if i > 0 && k.labels.Text() == list[i-1].labels.Text() {
			// The results still have this series, because a later shape may serve it after the first one has
			// vanished.
			twins.add(k.labels, func() (first, second string) {
				_, one := b.labelsOf(o.order[len(o.order)-1])
				_, other := b.labelsOf(k.at)
				return series(b.family.Name, one), series(b.family.Name, other)
			})
			continue
		}
		o.order = append(o.order, k.at)
	}
	twins.end()
}

// twins reports series of a family whose labels have become equal. It names only the first maxTwins, because
// all series may have become equal.
type twins struct {
	of     *model.Family
	report func(n int, err error)
	n      int
}

const maxTwins = 10

// add records a series that is left out, with its current labels. before returns the original labels of
// that series and of the one that is served.
func (t *twins) add(l model.Labels, before func() (first, second string)) {
	if t.n++; t.n > maxTwins {
		return
	}
	first, second := before()
	t.report(1, twinError(first, second, t.of.Name, l.Text()))
}

func (t *twins) end() {
	if more := t.n - maxTwins; more > 0 {
		t.report(more, fmt.Errorf("%d more series of %q are left out because they have become the same as others", more, t.of.Name))
	}
}

// series returns a series in text form.
func series(name string, l model.Labels) string {
	return string(model.AppendName(nil, name)) + "{" + l.Text() + "}"
}
