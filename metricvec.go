package metric

import (
	"fmt"
	"strings"

	"github.com/luxfi/metric/internal/labelmap"
)

// vecCore is what MetricVec needs of the vector behind it.
type vecCore interface {
	metric(values []string) (Metric, error)
	metricNamed(labels Labels) (Metric, error)
	curriedCore(labels Labels) (vecCore, error)
	deleteValues(values []string) bool
	deleteNamed(labels Labels) bool
	deletePartial(labels Labels) int
	reset()
	describe(ch chan<- *Desc)
	collect(ch chan<- Metric)
}

// MetricVec is what all vectors have in common, and a vector of metrics of one's own;
// see NewMetricVec. It is safe for concurrent use.
type MetricVec struct{ core vecCore }

// NewMetricVec returns a vector of metrics that newMetric makes, out of the values of
// the variable labels of desc in their order. newMetric may be called concurrently,
// and for a series that another call has made meanwhile: its result is then not used.
func NewMetricVec(desc *Desc, newMetric func(labelValues ...string) Metric) *MetricVec {
	f := familyOf(desc)
	return &MetricVec{&customVec{newVecIndex(f, labelmap.New[Metric](f.layout), nil), newMetric}}
}

// DeleteLabelValues deletes the metric with these label values and reports whether
// there was one.
func (v *MetricVec) DeleteLabelValues(values ...string) bool { return v.core.deleteValues(values) }

// Delete deletes the metric with these labels and reports whether there was one.
func (v *MetricVec) Delete(labels Labels) bool { return v.core.deleteNamed(labels) }

// DeletePartialMatch deletes all metrics that have these labels, among others, and
// returns how many there were. Curried labels are not looked at, but for that one
// that is named here matches nothing.
func (v *MetricVec) DeletePartialMatch(labels Labels) int { return v.core.deletePartial(labels) }

// Reset deletes all metrics, also those that a curried vector does not reach.
func (v *MetricVec) Reset() { v.core.reset() }

// Describe implements Collector.
func (v *MetricVec) Describe(ch chan<- *Desc) { v.core.describe(ch) }

// Collect implements Collector.
func (v *MetricVec) Collect(ch chan<- Metric) { v.core.collect(ch) }

// CurryWith returns a vector with some of the labels fixed, which shares its metrics
// with v. It is an error if a label is not one of v, or is fixed already.
func (v *MetricVec) CurryWith(labels Labels) (*MetricVec, error) {
	curried, err := v.core.curriedCore(labels)
	if err != nil {
		return nil, err
	}
	return &MetricVec{curried}, nil
}

// GetMetricWithLabelValues returns the metric with these label values, which are in
// the order of the label names, and makes it if it does not exist yet. It is an error
// if their number is wrong or one is not valid UTF-8.
func (v *MetricVec) GetMetricWithLabelValues(values ...string) (Metric, error) {
	return v.core.metric(values)
}

// GetMetricWith is GetMetricWithLabelValues with the label values by name.
func (v *MetricVec) GetMetricWith(labels Labels) (Metric, error) { return v.core.metricNamed(labels) }

// customVec is a vector of somebody else's metrics.
type customVec struct {
	vecIndex[Metric]

	newMetric func(labelValues ...string) Metric
}

func (v *customVec) metric(values []string) (Metric, error) {
	if err := v.checkCount(values); err != nil {
		return nil, err
	}
	return v.find(nil, v.appendAll(nil, values))
}

func (v *customVec) metricNamed(labels Labels) (Metric, error) {
	all, err := v.appendNamed(nil, labels)
	if err != nil {
		return nil, err
	}
	return v.find(v.family.names(), all)
}

// find makes a new metric before it takes the lock of the map, which is not held
// while somebody else's code runs. That code gets values of its own: it may keep them.
func (v *customVec) find(names, all []string) (Metric, error) {
	if e := v.children.Get(all); e != nil {
		return e.Child, nil
	}
	if err := v.family.checkUTF8(names, all); err != nil {
		return nil, err
	}
	own := make([]string, len(all))
	for i, value := range all {
		own[i] = strings.Clone(value)
	}
	m := v.newMetric(own...)
	if m == nil {
		return nil, v.family.misuse(fmt.Errorf("the function that makes the metrics of the vector has returned nil for the label values %q", own))
	}
	return v.children.GetOrCreate(all, func(e *labelmap.Entry[Metric]) { e.Child = m }).Child, nil
}

func (v *customVec) curriedCore(labels Labels) (vecCore, error) {
	curried, err := v.curry(labels)
	if err != nil {
		return nil, err
	}
	return &customVec{curried, v.newMetric}, nil
}

func (v *customVec) collect(ch chan<- Metric) {
	for _, e := range v.children.Sorted() {
		ch <- e.Child
	}
}
