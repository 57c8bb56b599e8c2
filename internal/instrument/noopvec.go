package instrument

import (
	"slices"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// NoOpVec implements vecCore for instruments that are not exposed. The typed vectors around it
// have no vec.
type NoOpVec struct {
	Index[prometheus.Metric] // Without a family if no label values fit.

	none prometheus.Metric        // What remembers nothing.
	make func() prometheus.Metric // Makes what does.
}

// NewNoOpVec returns a vector with these labels. If real ones cannot have them, no label values
// fit.
func NewNoOpVec(none prometheus.Metric, labelNames []string, newMetric func() prometheus.Metric) *NoOpVec {
	v := &NoOpVec{none: none, make: newMetric}
	if prometheus.NewDesc("noop", "", labelNames, nil).Err() == nil {
		f := &Family{layout: model.NewLayout(nil, slices.Clone(labelNames))}
		v.Index = newVecIndex(f, labelmap.New[prometheus.Metric](f.layout), nil)
	}
	return v
}

// NoOpVecOf returns core, that of a no-op vector, or one that remembers nothing if core is nil.
// Its methods are called without an interface, so that the label values that users give stay
// where they are.
func NoOpVecOf(core Core, none prometheus.Metric) *NoOpVec {
	if core == nil {
		return &NoOpVec{none: none}
	}
	return core.(*NoOpVec)
}

// Get returns the instrument with these label values.
func (v *NoOpVec) Get(values []string) prometheus.Metric {
	if v.family == nil || len(values) != len(v.family.names())-len(v.curried) {
		return v.none
	}
	var inline [inlineLabels]string
	return v.find(v.appendAll(inline[:0], values))
}

// GetNamed returns the instrument with these label values by name.
func (v *NoOpVec) GetNamed(labels prometheus.Labels) prometheus.Metric {
	if v.family == nil {
		return v.none
	}
	for _, name := range v.family.names() {
		_, given := labels[name]
		if given == slices.ContainsFunc(v.curried, func(c curriedLabel) bool { return v.family.names()[c.index] == name }) {
			return v.none
		}
	}
	if len(labels) != len(v.family.names())-len(v.curried) {
		return v.none
	}
	var inline [inlineLabels]string
	all, err := v.appendNamed(inline[:0], labels)
	if err != nil {
		return v.none
	}
	return v.find(all)
}

// find returns the instrument with the values of all labels, and makes it if there is none.
// There may be a few more than maxNoOp of them if they are made at the same time.
func (v *NoOpVec) find(all []string) prometheus.Metric {
	if e := v.children.Get(all); e != nil {
		return e.Child
	}
	if v.children.Len() >= maxNoOp {
		return v.none
	}
	for _, value := range all {
		if !utf8.ValidString(value) {
			return v.none
		}
	}
	return v.children.GetOrCreate(all, func(e *labelmap.Entry[prometheus.Metric]) { e.Child = v.make() }).Child
}

// CurryWith returns the vector with more labels fixed. Where a real one could not fix them, it
// is the vector itself.
func (v *NoOpVec) CurryWith(labels prometheus.Labels) *NoOpVec {
	if v.family == nil || len(labels) == 0 {
		return v
	}
	curried, err := v.curry(labels)
	if err != nil || slices.ContainsFunc(curried.curried, func(c curriedLabel) bool { return !utf8.ValidString(c.value) }) {
		return v
	}
	return &NoOpVec{curried, v.none, v.make}
}

func (v *NoOpVec) Metric(values []string) (prometheus.Metric, error) { return v.Get(values), nil }
func (v *NoOpVec) MetricNamed(labels prometheus.Labels) (prometheus.Metric, error) {
	return v.GetNamed(labels), nil
}
func (v *NoOpVec) CurriedCore(labels prometheus.Labels) (Core, error) {
	return v.CurryWith(labels), nil
}
func (v *NoOpVec) DeleteValues(values []string) bool {
	return v.family != nil && v.Index.DeleteValues(values)
}
func (v *NoOpVec) DeleteNamed(labels prometheus.Labels) bool {
	return v.family != nil && v.Index.DeleteNamed(labels)
}
func (*NoOpVec) Describe(chan<- *prometheus.Desc) {}
func (*NoOpVec) Collect(chan<- prometheus.Metric) {}

func (v *NoOpVec) DeletePartial(labels prometheus.Labels) int {
	if v.family == nil {
		return 0
	}
	return v.Index.DeletePartial(labels)
}

func (v *NoOpVec) Reset() {
	if v.family != nil {
		v.Index.Reset()
	}
}
