package instrument

import (
	"slices"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/labelmap"
	"github.com/luxfi/metric/internal/model"
)

// NoOpVec implements [Core] for instruments that are not exposed.
type NoOpVec[N prometheus.Metric] struct {
	index[N] // without a family if no label values are valid

	none N        // instrument that stores nothing
	make func() N // makes an instrument that stores its value
}

// NoOpCounters holds the counters of a no-op vector.
type NoOpCounters = NoOpVec[*noOpCounter]

// NoOpGauges holds the gauges of a no-op vector.
type NoOpGauges = NoOpVec[*noOpGauge]

// NoOpHistograms holds the histograms of a no-op vector.
type NoOpHistograms = NoOpVec[*noOpHistogram]

// NoOpSummaries holds the summaries of a no-op vector.
type NoOpSummaries = NoOpVec[*noOpSummary]

// NewNoOpCounters returns counters with the given labels.
func NewNoOpCounters(labelNames []string) *NoOpCounters {
	return newNoOpVec(NoOp.Counter, labelNames, newNoOpCounter)
}

// NewNoOpGauges returns gauges with the given labels.
func NewNoOpGauges(labelNames []string) *NoOpGauges {
	return newNoOpVec(NoOp.Gauge, labelNames, newNoOpGauge)
}

// NewNoOpHistograms returns histograms with the given labels and buckets.
func NewNoOpHistograms(labelNames []string, buckets []float64) *NoOpHistograms {
	shape := noOpBuckets(buckets)
	return newNoOpVec(NoOp.Histogram, labelNames, func() *noOpHistogram { return newNoOpHistogram(shape) })
}

// NewNoOpSummaries returns summaries with the given labels.
func NewNoOpSummaries(labelNames []string) *NoOpSummaries {
	return newNoOpVec(NoOp.Summary, labelNames, newNoOpSummary)
}

// newNoOpVec returns a vector with the given labels. If a real vector cannot have them, no label values
// are valid.
func newNoOpVec[N prometheus.Metric](none N, labelNames []string, newMetric func() N) *NoOpVec[N] {
	v := &NoOpVec[N]{none: none, make: newMetric}
	if prometheus.NewDesc("noop", "", labelNames, nil).Err() == nil {
		f := &family{layout: model.NewLayout(nil, slices.Clone(labelNames))}
		v.index = newIndex(f, labelmap.New[N](f.layout), nil)
	}
	return v
}

// NoOpVecOf returns core as a no-op vector, or a vector that stores nothing if core is nil. Callers use
// its methods without an interface, so that the user's label values stay on the stack.
func NoOpVecOf[N prometheus.Metric](core Core, none N) *NoOpVec[N] {
	if core == nil {
		return &NoOpVec[N]{none: none}
	}
	return core.(*NoOpVec[N])
}

// Get returns the instrument with the given label values.
func (v *NoOpVec[N]) Get(values []string) N {
	if v.family == nil || len(values) != len(v.family.names())-len(v.curried) {
		return v.none
	}
	var inline [inlineLabels]string
	return v.find(v.appendAll(inline[:0], values))
}

// GetNamed returns the instrument with the given labels.
func (v *NoOpVec[N]) GetNamed(labels prometheus.Labels) N {
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

// find returns the instrument with the values of all labels, and makes it if it does not exist. There may
// be slightly more than maxNoOp of them if they are made concurrently.
func (v *NoOpVec[N]) find(all []string) N {
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
	return v.children.GetOrCreate(all, func(e *labelmap.Entry[N]) { e.Child = v.make() }).Child
}

// CurryWith returns the vector with more labels fixed. If labels are invalid, it returns v itself.
func (v *NoOpVec[N]) CurryWith(labels prometheus.Labels) *NoOpVec[N] {
	if v.family == nil || len(labels) == 0 {
		return v
	}
	curried, err := v.curry(labels)
	if err != nil || slices.ContainsFunc(curried.curried, func(c curriedLabel) bool { return !utf8.ValidString(c.value) }) {
		return v
	}
	return &NoOpVec[N]{curried, v.none, v.make}
}

// Metric implements [Core].
func (v *NoOpVec[N]) Metric(values []string) (prometheus.Metric, error) { return v.Get(values), nil }

// MetricNamed implements [Core].
func (v *NoOpVec[N]) MetricNamed(labels prometheus.Labels) (prometheus.Metric, error) {
	return v.GetNamed(labels), nil
}

// CurriedCore implements [Core].
func (v *NoOpVec[N]) CurriedCore(labels prometheus.Labels) (Core, error) {
	return v.CurryWith(labels), nil
}

// DeleteValues implements [Core].
func (v *NoOpVec[N]) DeleteValues(values []string) bool {
	return v.family != nil && v.index.DeleteValues(values)
}

// DeleteNamed implements [Core].
func (v *NoOpVec[N]) DeleteNamed(labels prometheus.Labels) bool {
	return v.family != nil && v.index.DeleteNamed(labels)
}

// DeletePartial implements [Core].
func (v *NoOpVec[N]) DeletePartial(labels prometheus.Labels) int {
	if v.family == nil {
		return 0
	}
	return v.index.DeletePartial(labels)
}

// Reset implements [Core].
func (v *NoOpVec[N]) Reset() {
	if v.family != nil {
		v.index.Reset()
	}
}

// Describe sends nothing, so that any number of them can be registered.
func (*NoOpVec[N]) Describe(chan<- *prometheus.Desc) {}

// Collect sends nothing.
func (*NoOpVec[N]) Collect(chan<- prometheus.Metric) {}
