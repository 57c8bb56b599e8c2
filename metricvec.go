package metric

import "github.com/luxfi/metric/internal/instrument"

// MetricVec has the methods that all vectors of this package have in common. It is also a vector of
// metrics of the program's own types; see [NewMetricVec]. It is safe for concurrent use.
type MetricVec struct{ core instrument.Core }

// NewMetricVec returns a vector of metrics that newMetric makes from the values of the variable
// labels of desc, which are in the order of the labels. newMetric may be called concurrently, and
// for a series that another call has made meanwhile. The vector then discards the result.
func NewMetricVec(desc *Desc, newMetric func(labelValues ...string) Metric) *MetricVec {
	return &MetricVec{instrument.NewCustom(desc, newMetric)}
}

// DeleteLabelValues deletes the metric with these label values and reports whether there was one.
func (v *MetricVec) DeleteLabelValues(values ...string) bool { return v.core.DeleteValues(values) }

// Delete deletes the metric with these labels and reports whether there was one.
func (v *MetricVec) Delete(labels Labels) bool { return v.core.DeleteNamed(labels) }

// DeletePartialMatch deletes all metrics that have these labels, among others, and returns their
// number. It ignores curried labels, except that labels with the name of a curried label match
// nothing.
func (v *MetricVec) DeletePartialMatch(labels Labels) int { return v.core.DeletePartial(labels) }

// Reset deletes all metrics, including those outside a curried vector.
func (v *MetricVec) Reset() { v.core.Reset() }

// Replace replaces all metrics by those that build creates in the vector it is given. That vector
// is like v, but empty. When build returns, Replace moves everything in it into v at once: a scrape
// sees either all old metrics or all new ones. Replace is for gauges, infos and state sets that
// mirror a list, such as the peers of a node. It removes the series that are no longer on the list,
// and no scrape finds the vector empty or half full.
//
// The new metrics start anew, even if an old metric had the same labels. So counters, histograms
// and summaries go back to zero. Old metrics that the program has kept are no longer exposed, as
// after Reset. Those that build gets are the new metrics.
//
// In a curried vector, Replace replaces only the metrics with the curried values. build gets a
// vector that is curried in the same way.
//
// build runs in the goroutine of the caller, without a lock. If it panics, v does not change. If
// Replace is called concurrently, the call that ends last determines all metrics. After build has
// returned, the vector that it was given is empty and has no connection to v.
//
// Vectors that embed a MetricVec, such as [GaugeVec], have a Replace method of their own.
func (v *MetricVec) Replace(build func(*MetricVec)) {
	// The methods are not part of Core, so that programs that do not call Replace do not link them.
	core := v.core.(instrument.Replaceable) //nolint:forcetypeassert // Every Core is.
	aside := core.AsideCore()
	build(&MetricVec{aside})
	core.AdoptCore(aside)
}

// Describe implements [Collector].
func (v *MetricVec) Describe(ch chan<- *Desc) { v.core.Describe(ch) }

// Collect implements [Collector].
func (v *MetricVec) Collect(ch chan<- Metric) { v.core.Collect(ch) }

// CurryWith returns a vector with some of the labels fixed. The new vector shares its metrics with
// v. It returns an error if v does not have one of the labels, or if one is fixed already.
func (v *MetricVec) CurryWith(labels Labels) (*MetricVec, error) {
	curried, err := v.core.CurriedCore(labels)
	if err != nil {
		return nil, err
	}
	return &MetricVec{curried}, nil
}

// GetMetricWithLabelValues returns the metric with these label values, which are in the order of
// the label names. It creates the metric if it does not exist yet. It returns an error if the
// number of values is wrong or a value is not valid UTF-8.
func (v *MetricVec) GetMetricWithLabelValues(values ...string) (Metric, error) {
	return v.core.Metric(values)
}

// GetMetricWith is like [MetricVec.GetMetricWithLabelValues], with the label values by name.
func (v *MetricVec) GetMetricWith(labels Labels) (Metric, error) { return v.core.MetricNamed(labels) }

// coreOrNil returns the core of the vector. It is nil in a struct that was not made by a
// constructor.
func (v *MetricVec) coreOrNil() instrument.Core {
	if v == nil {
		return nil
	}
	return v.core
}

// anyCore is coreOrNil for vectorIn. Its result has the type any, so that programs without vectors
// do not link them.
func (v *MetricVec) anyCore() any {
	if core := v.coreOrNil(); core != nil {
		return core
	}
	return nil
}
