package instrument

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// index finds the children of a vector by their label values. The vectors that are curried from one
// vector share its children and its family.
//
// Finding an existing child takes no lock and does not allocate.
type index[C any] struct {
	family   *family
	children *labelmap.Map[C]
	curried  []curriedLabel // by ascending index

	// Plain holds the children if a user passes the values of all labels, unchanged; otherwise it is nil. It
	// gives the shortest path to an existing child.
	Plain *labelmap.Map[C]
}

// curriedLabel is a label with a fixed value. The value is constrained. If it is not valid UTF-8, uses
// of the vector report that.
type curriedLabel struct {
	index int // index of the variable label
	value string
}

func newIndex[C any](f *family, children *labelmap.Map[C], curried []curriedLabel) index[C] {
	plain := children
	if curried != nil || f.constraints != nil {
		plain = nil
	}
	return index[C]{f, children, curried, plain}
}

// inlineLabels is the number of label values that can be combined without allocating.
const inlineLabels = 8

// checkCount checks the number of label values that a user has passed.
func (x *index[C]) checkCount(values []string) error {
	want := len(x.family.names()) - len(x.curried)
	if len(values) == want {
		return nil
	}
	var given []string // A copy keeps the user's slice on the stack.
	for _, value := range values {
		given = append(given, strings.Clone(value))
	}
	return x.misuse(fmt.Errorf("%w: expected %d label values but got %d in %#v", errInconsistentCardinality, want, len(given), given))
}

// appendAll appends the values of all labels: the given ones, constrained, and the curried ones. The
// caller must have checked the number of values.
func (x *index[C]) appendAll(all, values []string) []string {
	curried := x.curried
	for i := range x.family.names() {
		if len(curried) > 0 && curried[0].index == i {
			all = append(all, curried[0].value)
			curried = curried[1:]
			continue
		}
		all = append(all, x.family.constrain(i, values[0]))
		values = values[1:]
	}
	return all
}

// appendNamed is appendAll for values by name. It makes all checks except that for UTF-8.
func (x *index[C]) appendNamed(all []string, labels prometheus.Labels) ([]string, error) {
	names := x.family.names()
	if want := len(names) - len(x.curried); len(labels) != want {
		var given prometheus.Labels // as in checkCount
		if labels != nil {
			given = make(prometheus.Labels, len(labels))
		}
		for name, value := range labels {
			given[strings.Clone(name)] = strings.Clone(value)
		}
		return nil, x.misuse(fmt.Errorf("%w: expected %d label values but got %d in %#v", errInconsistentCardinality, want, len(given), given))
	}
	curried := x.curried
	for i, name := range names {
		value, given := labels[name]
		if len(curried) > 0 && curried[0].index == i {
			if given {
				return nil, x.misuse(fmt.Errorf("label name %q is already curried", name))
			}
			all = append(all, curried[0].value)
			curried = curried[1:]
			continue
		}
		if !given {
			return nil, x.missing(name, labels)
		}
		all = append(all, x.family.constrain(i, value))
	}
	return all, nil
}

func (x *index[C]) DeleteValues(values []string) bool {
	if x.checkCount(values) != nil {
		return false
	}
	var inline [inlineLabels]string
	return x.delete(x.appendAll(inline[:0], values))
}

func (x *index[C]) DeleteNamed(labels prometheus.Labels) bool {
	var inline [inlineLabels]string
	all, err := x.appendNamed(inline[:0], labels)
	return err == nil && x.delete(all)
}

// delete deletes the child with the values of all labels or, if some are too long, the child that
// counts them instead. It never deletes the overflow series instead.
func (x *index[C]) delete(all []string) bool {
	if x.children.Delete(all) {
		return true
	}
	cut := false
	for i, value := range all {
		all[i] = x.children.Cut(value)
		cut = cut || len(all[i]) < len(value)
	}
	return cut && x.children.Delete(all)
}

// DeletePartial deletes the children that have all the given labels. A curried label matches no child.
func (x *index[C]) DeletePartial(labels prometheus.Labels) int {
	names := x.family.names()
	wanted := make(map[int]string, len(labels))
	for name, value := range labels {
		i := slices.Index(names, name)
		if i < 0 || slices.ContainsFunc(x.curried, func(c curriedLabel) bool { return c.index == i }) {
			return 0
		}
		wanted[i] = x.family.constrain(i, value)
	}
	return x.children.DeleteFunc(func(e *labelmap.Entry[C]) bool {
		values := x.family.layout.Values(e.Labels())
		for i, value := range wanted {
			if values[i] != value && values[i] != x.children.Cut(value) {
				return false
			}
		}
		return true
	})
}

// curry returns the index with more labels fixed.
func (x *index[C]) curry(labels prometheus.Labels) (index[C], error) {
	var curried []curriedLabel
	old := x.curried
	for i, name := range x.family.names() {
		value, given := labels[name]
		if len(old) > 0 && old[0].index == i {
			if given {
				return index[C]{}, x.misuse(fmt.Errorf("label name %q is already curried", name))
			}
			curried = append(curried, old[0])
			old = old[1:]
		} else if given {
			curried = append(curried, curriedLabel{i, strings.Clone(x.family.constrain(i, value))})
		}
	}
	if n := len(x.curried) + len(labels) - len(curried); n > 0 {
		return index[C]{}, x.misuse(fmt.Errorf("%d unknown label(s) found during currying:%s", n, quotedNames(x.unknown(labels))))
	}
	return newIndex(x.family, x.children, curried), nil
}

func (x *index[C]) Describe(ch chan<- *prometheus.Desc) { ch <- x.family.desc }

func (x *index[C]) Reset() { x.children.Reset() }

// checkUTF8 returns an error that names an invalid value of a new child. Existing children have valid
// values. names is nil if the user has not named the labels.
func (f *family) checkUTF8(names, values []string) error {
	for i, value := range values {
		switch {
		case utf8.ValidString(value):
		case names == nil:
			return f.misuse(fmt.Errorf("label value %q is not valid UTF-8: it was given for label %q", strings.Clone(value), f.names()[i]))
		default:
			return f.misuse(fmt.Errorf("label %s: value %q is not valid UTF-8", names[i], strings.Clone(value)))
		}
	}
	return nil
}

// Child is a pointer to an instrument that can be in a vector.
type Child[C any] interface {
	*C
	Instrument
	expirable[C]
	bind(series)
}

// Vec is a vector of instruments of this library. The typed vectors are thin types around it.
type Vec[C any, P Child[C]] struct {
	index[C]

	init func(P) // prepares a new child; nil if the zero value is ready to use
	// prefetch prefetches memory that a child refers to; nil if a child refers to no memory.
	prefetch func(P)
	// traits returns the properties that the children share in addition to their family; nil if they
	// share nothing else.
	traits func() []Trait
	// series returns the series of the given children. It is nil unless there may be fewer of them, or
	// in another order.
	series func([]*labelmap.Entry[C]) model.Series
}

func newVec[C any, P Child[C]](f *family, init func(P)) *Vec[C, P] {
	return &Vec[C, P]{index: newIndex(f, labelmap.New[C](f.layout), nil), init: init}
}

// Get returns the child with the given label values.
func (v *Vec[C, P]) Get(values []string) (P, error) {
	if e := v.Plain.Get(values); e != nil {
		return &e.Child, nil
	}
	if err := v.checkCount(values); err != nil {
		return nil, err
	}
	var inline [inlineLabels]string
	return v.find(nil, v.appendAll(inline[:0], values))
}

// GetNamed returns the child with the given labels.
func (v *Vec[C, P]) GetNamed(labels prometheus.Labels) (P, error) {
	var inline [inlineLabels]string
	all, err := v.appendNamed(inline[:0], labels)
	if err != nil {
		return nil, err
	}
	return v.find(v.family.names(), all)
}

// find returns the child with the values of all labels, and makes it if it does not exist. names is the
// argument of checkUTF8.
func (v *Vec[C, P]) find(names, all []string) (P, error) {
	if e := v.children.Get(all); e != nil {
		return &e.Child, nil
	}
	v.children.Fit(all)
	if err := v.family.checkUTF8(names, all); err != nil {
		return nil, err
	}
	return &v.children.GetOrCreate(all, v.prepare).Child, nil
}

// prepare initializes the child of a new entry.
func (v *Vec[C, P]) prepare(e *labelmap.Entry[C]) {
	p := P(&e.Child)
	p.bind(series{v.family})
	if v.init != nil {
		v.init(p)
	}
}

// CurryWith returns a vector with more labels fixed. The new vector shares the children of v.
func (v *Vec[C, P]) CurryWith(labels prometheus.Labels) (*Vec[C, P], error) {
	curried, err := v.curry(labels)
	if err != nil {
		return nil, err
	}
	return &Vec[C, P]{curried, v.init, v.prefetch, v.traits, v.series}, nil
}

// Metric implements [Core].
func (v *Vec[C, P]) Metric(values []string) (prometheus.Metric, error) {
	m, err := v.Get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// MetricNamed implements [Core].
func (v *Vec[C, P]) MetricNamed(labels prometheus.Labels) (prometheus.Metric, error) {
	m, err := v.GetNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// CurriedCore implements [Core].
func (v *Vec[C, P]) CurriedCore(labels prometheus.Labels) (Core, error) {
	curried, err := v.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return curried, nil
}

// Collect lets the children that exist at the time of the call collect, in the order of their labels.
// It holds no lock.
func (v *Vec[C, P]) Collect(ch chan<- prometheus.Metric) {
	for _, e := range v.children.Sorted() {
		P(&e.Child).Collect(ch)
	}
}

// Family returns the family of all children.
func (v *Vec[C, P]) Family() *model.Family { return &v.family.Family }

// HasLabel implements [Labelled].
func (v *Vec[C, P]) HasLabel(name string) bool { return v.family.HasLabel(name) }

// Series returns the current children.
func (v *Vec[C, P]) Series() model.Series {
	if v.series != nil {
		return v.series(v.children.Sorted())
	}
	return &vecSeries[C, P]{v.children.Sorted(), v.prefetch}
}

// Key implements [model.StableSource].
func (v *Vec[C, P]) Key() any { return v }

// vecSeries is a snapshot of the children of a vector.
type vecSeries[C any, P Child[C]] struct {
	entries  []*labelmap.Entry[C]
	prefetch func(P)
}

func (s *vecSeries[C, P]) Len() int { return len(s.entries) }

// Snapshot implements [model.SnapshotSeries]: while no series is created or deleted, the list of
// entries is the same.
func (s *vecSeries[C, P]) Snapshot() any {
	if len(s.entries) == 0 {
		return 0
	}
	return &s.entries[0]
}

func (s *vecSeries[C, P]) At(i int, p *model.Point, scratch *model.Scratch) {
	P(&s.entries[i].Child).Point(p, scratch)
}

// ReadBatch implements [model.Batched]. While its caller writes these points, the processor loads the
// memory of the next ones.
func (s *vecSeries[C, P]) ReadBatch(from int, points []model.Point, scratches []model.Scratch) {
	n := len(points)
	if s.prefetch == nil {
		labelmap.Prefetch(s.from(from+n, n))
	} else {
		// The memory that children refer to can be found only after the children have been loaded.
		labelmap.Prefetch(s.from(from+2*n, n))
		for _, e := range s.from(from+n, n) {
			s.prefetch(&e.Child)
		}
	}
	for i, e := range s.from(from, n) {
		P(&e.Child).Point(&points[i], &scratches[i])
	}
}

// from returns n entries beginning with entry i, or fewer at the end.
func (s *vecSeries[C, P]) from(i, n int) []*labelmap.Entry[C] {
	i = min(i, len(s.entries))
	return s.entries[i:min(i+n, len(s.entries))]
}
