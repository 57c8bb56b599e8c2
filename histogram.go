package metric

import "github.com/luxfi/metric/internal/instrument"

// NewHistogram returns a histogram with classic buckets, native buckets or both, depending on opts.
// It panics if the upper bounds of the buckets are not in increasing order or one is NaN, if an
// option of the native buckets is NaN or an infinite threshold, or if a label has the name le.
// Registering the histogram reports other errors in opts.
//
// Histograms made by this package are safe for concurrent use, scale with the number of cores, do
// not allocate when they observe into an existing bucket, and implement [ExemplarObserver],
// [ContextObserver] and [ObserverN]. A scrape sees each observation as a whole: count, sum and
// buckets agree.
func NewHistogram(opts HistogramOpts) Histogram { return instrument.NewHistogram(opts) }

// ObserverN is implemented by the histograms of this package, including those in vectors. It counts
// values that come with a number of occurrences, such as the buckets of another histogram, or the
// events that a sampler has left out:
//
//	latency.WithLabelValues("GET").(metric.ObserverN).ObserveN(0.25, 40)
//
// Summaries do not implement it, because they estimate quantiles from single observations.
type ObserverN interface {
	// ObserveN counts n observations of value at once. It takes as long as a single observation. A
	// scrape sees all of them or none. If n is 0, ObserveN does nothing.
	ObserveN(value float64, n uint64)
}

// HistogramVec is a set of histograms that differ in the values of their labels. It is safe for
// concurrent use; see [CounterVec] and [MetricVec] for more.
type HistogramVec struct {
	*MetricVec
	histogramMark

	vec *instrument.Histograms // nil in a no-op vector
}

// NewHistogramVec returns a vector of histograms with these labels. It panics where [NewHistogram]
// does.
func NewHistogramVec(opts HistogramOpts, labelNames []string) *HistogramVec {
	return V2.NewHistogramVec(HistogramVecOpts{HistogramOpts: opts, VariableLabels: UnconstrainedLabels(labelNames)})
}

// NewHistogramVec returns a vector of histograms whose labels may have constraints. It panics where
// [NewHistogram] does.
func (V2Constructors) NewHistogramVec(opts HistogramVecOpts) *HistogramVec {
	return histogramVec(instrument.NewHistograms(opts))
}

// histogramMark marks a HistogramVec as one of our own; see [counterMark].
type histogramMark = instrument.Mark[HistogramVec]

func histogramVec(v *instrument.Histograms) *HistogramVec {
	return &HistogramVec{&MetricVec{v}, instrument.MarkOf[HistogramVec](v), v}
}

func (v *HistogramVec) noOp() *instrument.NoOpHistograms {
	return instrument.NoOpVecOf(v.coreOrNil(), instrument.NoOp.Histogram)
}

// GetMetricWithLabelValues returns the histogram with these label values; see
// [CounterVec.GetMetricWithLabelValues]. The dynamic type of the result implements [Histogram].
func (v *HistogramVec) GetMetricWithLabelValues(values ...string) (Observer, error) {
	if v.vec == nil {
		return v.noOp().Get(values), nil
	}
	m, err := v.vec.Get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is like [HistogramVec.GetMetricWithLabelValues], with the label values by name.
func (v *HistogramVec) GetMetricWith(labels Labels) (Observer, error) {
	if v.vec == nil {
		return v.noOp().GetNamed(labels), nil
	}
	m, err := v.vec.GetNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is like [HistogramVec.GetMetricWithLabelValues], but panics where that returns an
// error.
func (v *HistogramVec) WithLabelValues(values ...string) Observer {
	if v.vec == nil {
		return v.noOp().Get(values)
	}
	if e := v.vec.Plain.Get(values); e != nil {
		return &e.Child // Skipping the two calls in between saves 2 ns.
	}
	return must(v.vec.Get(values))
}

// With is like [HistogramVec.GetMetricWith], but panics where that returns an error.
func (v *HistogramVec) With(labels Labels) Observer {
	if v.vec == nil {
		return v.noOp().GetNamed(labels)
	}
	return must(v.vec.GetNamed(labels))
}

// CurryWith returns a *HistogramVec with some of the labels fixed; see [CounterVec.CurryWith].
func (v *HistogramVec) CurryWith(labels Labels) (ObserverVec, error) {
	if v.vec == nil {
		return &HistogramVec{MetricVec: &MetricVec{v.noOp().CurryWith(labels)}}, nil
	}
	curried, err := v.vec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return histogramVec(curried), nil
}

// MustCurryWith is like [HistogramVec.CurryWith], but panics where that returns an error.
func (v *HistogramVec) MustCurryWith(labels Labels) ObserverVec { return must(v.CurryWith(labels)) }

// Replace replaces all series by those that build creates in another vector; see
// [MetricVec.Replace].
func (v *HistogramVec) Replace(build func(*HistogramVec)) {
	if v.vec == nil {
		noOp := v.noOp()
		aside := noOp.Aside()
		build(&HistogramVec{MetricVec: &MetricVec{aside}})
		noOp.Adopt(aside)
		return
	}
	aside := v.vec.Aside()
	build(histogramVec(aside))
	v.vec.Adopt(aside)
}
