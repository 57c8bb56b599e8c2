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

// native is a source that is there from scrape to scrape.
type native struct {
	used lastUse

	mu   sync.Mutex // Held while the shape is made.
	last *shape
}

// shapeOf returns what the steps make of the source now.
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

// A shape is what the steps make of the series of a source. It is immutable.
type shape struct {
	of        *native
	name      string // Of the family.
	snapshot  any    // Of series.
	series    model.Series
	fates     []fate // Nil if the source is unchanged.
	outputs   []*output
	notes     []note
	unchanged bool // The source can be served as it is.
}

// A fate is what becomes of one series.
type fate struct {
	output int32 // An index of outputs, or negative if the series is dropped.
	note   int32 // An index of notes, or negative.
	labels model.Labels
}

// An output is a family that series of a source come to.
type output struct {
	family    *model.Family
	edit      *edit
	relabeled bool    // Some series have other labels than before.
	order     []int32 // The series, by index, in the order in which they are read. Nil if all are set.
	all       bool    // These are all series, in the order in which they were before.
	mixed     bool    // As model.MixedSource has it.
	count     int
}

// isPlain reports whether the series are what they were before.
func (o *output) isPlain() bool { return !o.relabeled && o.edit == nil }

// A note is what was wrong with some series.
type note struct {
	errs []error
	left int // How many series are left out because of the last error.
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

// shaping makes a shape.
type shaping struct {
	*shape

	reshaper *reshaper
	family   *model.Family
	mixed    bool // The source is.
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
		next       int // Of the old series.
	)
	n := b.series.Len()
	b.fates = make([]fate, n)
	for i := range n {
		b.series.At(i, &p, &scratch)
		// Both are sorted: a series that was there before is found in passing.
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
			b.fates[i] = b.again(next - 1)
		} else {
			b.fates[i] = b.decide(&p)
		}
	}
	b.finish()
}

// decide asks the steps.
func (b *shaping) decide(p *model.Point) fate {
	v := b.reshaper.evaluate(b.reshaper.steps, b.family, p)
	f := fate{output: -1, note: -1}
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

// unchangedLabels stand for those of the series itself. No rule can make them.
var unchangedLabels = model.RawLabels("\x00", false)

// again takes over the fate of a series of the old shape.
func (b *shaping) again(i int) fate {
	f := fate{note: -1, labels: unchangedLabels}
	if b.old.fates != nil {
		f = b.old.fates[i]
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

// note notes what was wrong with a series, and returns the index of the note, or -1 if nothing was.
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

// finish puts the series of each output in order, and leaves out those that are the same.
func (b *shaping) finish() {
	for i := range b.fates {
		if f := &b.fates[i]; f.output >= 0 {
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
		if o.count == len(b.fates) && isAscending(o.order) {
			o.order, o.all = nil, true
		}
	}
	if len(b.shape.outputs) == 1 {
		o := b.shape.outputs[0]
		if b.unchanged = o.all && o.isPlain() && *o.family == *b.family && len(b.notes) == 0; b.unchanged {
			b.fates = nil
		}
	}
}

// isMixed reports whether the series of an output may differ in more than their label values. If not,
// they need not be compared with each other again in every scrape.
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

// labelsOf returns the labels that a series has now, and those that it had before.
func (s *shape) labelsOf(i int32) (now, before model.Labels) {
	var (
		p       model.Point
		scratch model.Scratch
	)
	s.series.At(int(i), &p, &scratch)
	before = p.Labels.Keep()
	if s.fates == nil || s.fates[i].labels == unchangedLabels {
		return before, before
	}
	return s.fates[i].labels, before
}

// sort sorts the series of an output by their labels now. Of those that have the same labels, the
// first one stays.
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
			// That is not its fate: the first one may vanish.
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

// twins reports the series of a family that have become the same. The first ones are named: there may
// be as many as there are series.
type twins struct {
	of     *model.Family
	report func(n int, err error)
	n      int
}

const maxTwins = 10

// add adds a series that is left out, with the labels that it has now. before returns what it and the
// one that is served were before.
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

// series returns how a series is written.
func series(name string, l model.Labels) string {
	return string(model.AppendName(nil, name)) + "{" + l.Text() + "}"
}
