package metric

import "github.com/luxfi/metric/internal/instrument"

// MetricVec is what all vectors have in common, and a vector of metrics of one's own;
// see NewMetricVec. It is safe for concurrent use.
type MetricVec struct{ core instrument.Core }

// NewMetricVec returns a vector of metrics that newMetric makes, out of the values of
// the variable labels of desc in their order. newMetric may be called concurrently,
// and for a series that another call has made meanwhile: its result is then not used.
func NewMetricVec(desc *Desc, newMetric func(labelValues ...string) Metric) *MetricVec {
	return &MetricVec{instrument.NewCustom(desc, newMetric)}
}

// DeleteLabelValues deletes the metric with these label values and reports whether
// there was one.
func (v *MetricVec) DeleteLabelValues(values ...string) bool { return v.core.DeleteValues(values) }

// Delete deletes the metric with these labels and reports whether there was one.
func (v *MetricVec) Delete(labels Labels) bool { return v.core.DeleteNamed(labels) }

// DeletePartialMatch deletes all metrics that have these labels, among others, and
// returns how many there were. Curried labels are not looked at, but for that one
// that is named here matches nothing.
func (v *MetricVec) DeletePartialMatch(labels Labels) int { return v.core.DeletePartial(labels) }

// Reset deletes all metrics, also those that a curried vector does not reach.
func (v *MetricVec) Reset() { v.core.Reset() }

// Replace replaces all metrics by those that build creates in the vector that it is given. That
// vector is like v and empty at first. When build returns, everything in it is moved into v at
// once: a scrape sees all old metrics or all new ones. Replace is for gauges, infos and state sets
// that mirror a list of something, such as the peers of a node: it leaves nothing behind of what
// is no longer on the list, and no scrape finds the vector empty or half full.
//
// The new metrics start anew, also where their labels are those of an old one. So counters,
// histograms and summaries go back to zero. Handles of old metrics, which WithLabelValues has
// returned before, are no longer exposed, as after Reset. Handles that build has got are those of
// the new metrics.
//
// In a curried vector, Replace replaces only the metrics with the curried values, and leaves the
// others alone. build gets a vector that is curried in the same way.
//
// build runs in the goroutine of the caller, and no lock is held meanwhile. If it panics, v does
// not change. If Replace is called concurrently, the call that ends last wins as a whole. The
// vector that build was given is empty after build has returned, and no longer has anything to do
// with v.
//
// Vectors that embed a MetricVec, such as [GaugeVec], have a Replace of their own.
func (v *MetricVec) Replace(build func(*MetricVec)) {
	// It is not part of Core, so that programs that do not call it do without the code.
	core := v.core.(instrument.Replaceable) //nolint:forcetypeassert // Every Core is.
	aside := core.AsideCore()
	build(&MetricVec{aside})
	core.AdoptCore(aside)
}

// Describe implements Collector.
func (v *MetricVec) Describe(ch chan<- *Desc) { v.core.Describe(ch) }

// Collect implements Collector.
func (v *MetricVec) Collect(ch chan<- Metric) { v.core.Collect(ch) }

// CurryWith returns a vector with some of the labels fixed, which shares its metrics
// with v. It is an error if a label is not one of v, or is fixed already.
func (v *MetricVec) CurryWith(labels Labels) (*MetricVec, error) {
	curried, err := v.core.CurriedCore(labels)
	if err != nil {
		return nil, err
	}
	return &MetricVec{curried}, nil
}

// GetMetricWithLabelValues returns the metric with these label values, which are in
// the order of the label names, and makes it if it does not exist yet. It is an error
// if their number is wrong or one is not valid UTF-8.
func (v *MetricVec) GetMetricWithLabelValues(values ...string) (Metric, error) {
	return v.core.Metric(values)
}

// GetMetricWith is GetMetricWithLabelValues with the label values by name.
func (v *MetricVec) GetMetricWith(labels Labels) (Metric, error) { return v.core.MetricNamed(labels) }

// coreOrNil returns what is behind the vector, which is nil in a struct that no function has made.
func (v *MetricVec) coreOrNil() instrument.Core {
	if v == nil {
		return nil
	}
	return v.core
}

// anyCore is coreOrNil for vectorIn, in programs that may know no vectors.
func (v *MetricVec) anyCore() any {
	if core := v.coreOrNil(); core != nil {
		return core
	}
	return nil
}
