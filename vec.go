package metric

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// vecIndex finds the children of a vector by their label values. The vectors that are
// curried from one vector share its children and its family.
//
// Finding a child that exists takes no lock and does not allocate.
type vecIndex[C any] struct {
	family   *family
	children *labelmap.Map[C]
	curried  []curriedLabel // By ascending index.

	// The children if the values that a user gives are those of all labels, as they are;
	// otherwise nil. It is where the way to a child that exists is shortest.
	plain *labelmap.Map[C]
}

// curriedLabel is a label whose value is fixed: constrained, and valid UTF-8 or
// reported when it is used.
type curriedLabel struct {
	index int // Of the variable label.
	value string
}

func newVecIndex[C any](f *family, children *labelmap.Map[C], curried []curriedLabel) vecIndex[C] {
	plain := children
	if curried != nil || f.constraints != nil {
		plain = nil
	}
	return vecIndex[C]{f, children, curried, plain}
}

// inlineLabels is how many label values are put together without allocating.
const inlineLabels = 8

// checkCount checks how many label values a user has given.
func (x *vecIndex[C]) checkCount(values []string) error {
	want := len(x.family.names()) - len(x.curried)
	if len(values) == want {
		return nil
	}
	var given []string // A copy, which keeps the user's slice on the stack.
	for _, value := range values {
		given = append(given, strings.Clone(value))
	}
	return x.misuse(fmt.Errorf("%w: expected %d label values but got %d in %#v", errInconsistentCardinality, want, len(given), given))
}

// appendAll appends the values of all labels: the ones given, constrained, and the
// curried ones. The number of the former has been checked.
func (x *vecIndex[C]) appendAll(all, values []string) []string {
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

// appendNamed is appendAll for values by name, with all checks but that for UTF-8.
func (x *vecIndex[C]) appendNamed(all []string, labels Labels) ([]string, error) {
	names := x.family.names()
	if want := len(names) - len(x.curried); len(labels) != want {
		var given Labels // As in checkCount.
		if labels != nil {
			given = make(Labels, len(labels))
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

func (x *vecIndex[C]) deleteValues(values []string) bool {
	if x.checkCount(values) != nil {
		return false
	}
	var inline [inlineLabels]string
	return x.children.Delete(x.appendAll(inline[:0], values))
}

func (x *vecIndex[C]) deleteNamed(labels Labels) bool {
	var inline [inlineLabels]string
	all, err := x.appendNamed(inline[:0], labels)
	return err == nil && x.children.Delete(all)
}

// deletePartial deletes the children that have all the labels. It finds none by a
// label that is curried.
func (x *vecIndex[C]) deletePartial(labels Labels) int {
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
			if values[i] != value {
				return false
			}
		}
		return true
	})
}

// curry returns the index with more labels fixed.
func (x *vecIndex[C]) curry(labels Labels) (vecIndex[C], error) {
	var curried []curriedLabel
	old := x.curried
	for i, name := range x.family.names() {
		value, given := labels[name]
		if len(old) > 0 && old[0].index == i {
			if given {
				return vecIndex[C]{}, x.misuse(fmt.Errorf("label name %q is already curried", name))
			}
			curried = append(curried, old[0])
			old = old[1:]
		} else if given {
			curried = append(curried, curriedLabel{i, strings.Clone(x.family.constrain(i, value))})
		}
	}
	if n := len(x.curried) + len(labels) - len(curried); n > 0 {
		return vecIndex[C]{}, x.misuse(fmt.Errorf("%d unknown label(s) found during currying:%s", n, quotedNames(x.unknown(labels))))
	}
	return newVecIndex(x.family, x.children, curried), nil
}

func (x *vecIndex[C]) describe(ch chan<- *Desc) { ch <- x.family.desc }

func (x *vecIndex[C]) reset() { x.children.Reset() }

// checkUTF8 tells which of the values of a new child is not valid. Children that
// exist have valid ones. The names are nil if the user has not named the labels.
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

// child is a pointer to an instrument that can be one of a vector.
type child[C any] interface {
	*C
	instrument
	bind(series)
}

// vec is a vector of our own instruments. The typed vectors are shells around it.
type vec[C any, P child[C]] struct {
	vecIndex[C]

	init func(P) // Prepares a new child; nil if its zero value is ready.
	// Prefetches what a child keeps elsewhere; nil if there is nothing.
	prefetch func(P)
}

func newVec[C any, P child[C]](f *family, init func(P)) *vec[C, P] {
	return &vec[C, P]{vecIndex: newVecIndex(f, labelmap.New[C](f.layout), nil), init: init}
}

// get returns the child with these label values.
func (v *vec[C, P]) get(values []string) (P, error) {
	if e := v.plain.Get(values); e != nil {
		return &e.Child, nil
	}
	if err := v.checkCount(values); err != nil {
		return nil, err
	}
	var inline [inlineLabels]string
	return v.find(nil, v.appendAll(inline[:0], values))
}

// getNamed returns the child with these label values by name.
func (v *vec[C, P]) getNamed(labels Labels) (P, error) {
	var inline [inlineLabels]string
	all, err := v.appendNamed(inline[:0], labels)
	if err != nil {
		return nil, err
	}
	return v.find(v.family.names(), all)
}

// find returns the child with the values of all labels, and makes it if there is none.
// The names are those of checkUTF8.
func (v *vec[C, P]) find(names, all []string) (P, error) {
	if e := v.children.Get(all); e != nil {
		return &e.Child, nil
	}
	if err := v.family.checkUTF8(names, all); err != nil {
		return nil, err
	}
	e := v.children.GetOrCreate(all, func(e *labelmap.Entry[C]) {
		p := P(&e.Child)
		p.bind(series{v.family})
		if v.init != nil {
			v.init(p)
		}
	})
	return &e.Child, nil
}

func (v *vec[C, P]) curryWith(labels Labels) (*vec[C, P], error) {
	curried, err := v.curry(labels)
	if err != nil {
		return nil, err
	}
	return &vec[C, P]{curried, v.init, v.prefetch}, nil
}

func (v *vec[C, P]) metric(values []string) (Metric, error) {
	m, err := v.get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (v *vec[C, P]) metricNamed(labels Labels) (Metric, error) {
	m, err := v.getNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (v *vec[C, P]) curriedCore(labels Labels) (vecCore, error) {
	curried, err := v.curryWith(labels)
	if err != nil {
		return nil, err
	}
	return curried, nil
}

// collect sends the children that exist when it is called, in the order of their
// labels. No lock is held.
func (v *vec[C, P]) collect(ch chan<- Metric) {
	for _, e := range v.children.Sorted() {
		ch <- P(&e.Child)
	}
}

// Family and Series make a vec a model.Source.
func (v *vec[C, P]) Family() *model.Family     { return &v.family.Family }
func (v *vec[C, P]) hasLabel(name string) bool { return v.family.hasLabel(name) }
func (v *vec[C, P]) Series() model.Series {
	return &vecSeries[C, P]{v.children.Sorted(), v.prefetch}
}

// vecSeries is a snapshot of the children of a vec.
type vecSeries[C any, P child[C]] struct {
	entries  []*labelmap.Entry[C]
	prefetch func(P)
}

func (s *vecSeries[C, P]) Len() int { return len(s.entries) }
func (s *vecSeries[C, P]) At(i int, p *model.Point, scratch *model.Scratch) {
	P(&s.entries[i].Child).point(p, scratch)
}

// ReadBatch implements model.Batched. While its caller writes these points, the
// processor fetches what the next ones are read from.
func (s *vecSeries[C, P]) ReadBatch(from int, points []model.Point, scratches []model.Scratch) {
	n := len(points)
	if s.prefetch == nil {
		labelmap.Prefetch(s.from(from+n, n))
	} else {
		// What children keep elsewhere is found once they are there.
		labelmap.Prefetch(s.from(from+2*n, n))
		for _, e := range s.from(from+n, n) {
			s.prefetch(&e.Child)
		}
	}
	for i, e := range s.from(from, n) {
		P(&e.Child).point(&points[i], &scratches[i])
	}
}

// from returns n entries from one on, or what there is of them.
func (s *vecSeries[C, P]) from(i, n int) []*labelmap.Entry[C] {
	i = min(i, len(s.entries))
	return s.entries[i:min(i+n, len(s.entries))]
}

// must returns v, and panics if there is an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// V2 holds the constructors whose labels may be constrained.
var V2 = v2{}

type v2 struct{}

// NewDesc returns a descriptor. An error in its arguments is reported when it is
// registered, and by its Err method.
func (v2) NewDesc(fqName, help string, variableLabels ConstrainableLabels, constLabels Labels, opts ...DescOpt) *Desc {
	return prometheus.V2.NewDesc(fqName, help, variableLabels, constLabels, opts...)
}
