package metric

import "github.com/luxfi/metric/internal/instrument"

// NewSummary returns a summary: a count, a sum and, if there are objectives, quantiles over a
// sliding window. It panics if the rank or the error of an objective is not from 0 to 1, if MaxAge
// is negative, or if a label has the name quantile. Registering the summary reports other errors in
// opts.
//
// Summaries made by this package are safe for concurrent use. Those without objectives scale with
// the number of cores.
func NewSummary(opts SummaryOpts) Summary { return instrument.NewSummary(opts) }

// SummaryVec is a set of summaries that differ in the values of their labels. It is safe for
// concurrent use; see [CounterVec] and [MetricVec] for more.
type SummaryVec struct {
	*MetricVec
	summaryMark

	vec *instrument.Summaries // nil in a no-op vector
}

// NewSummaryVec returns a vector of summaries with these labels. It panics where [NewSummary] does.
func NewSummaryVec(opts SummaryOpts, labelNames []string) *SummaryVec {
	return V2.NewSummaryVec(SummaryVecOpts{SummaryOpts: opts, VariableLabels: UnconstrainedLabels(labelNames)})
}

// NewSummaryVec returns a vector of summaries whose labels may have constraints. It panics where
// [NewSummary] does.
func (V2Constructors) NewSummaryVec(opts SummaryVecOpts) *SummaryVec {
	return summaryVec(instrument.NewSummaries(opts))
}

// summaryMark marks a SummaryVec as one of our own; see [counterMark].
type summaryMark = instrument.Mark[SummaryVec]

func summaryVec(v *instrument.Summaries) *SummaryVec {
	return &SummaryVec{&MetricVec{v}, instrument.MarkOf[SummaryVec](v), v}
}

func (v *SummaryVec) noOp() *instrument.NoOpSummaries {
	return instrument.NoOpVecOf(v.coreOrNil(), instrument.NoOp.Summary)
}

// GetMetricWithLabelValues returns the summary with these label values; see
// [CounterVec.GetMetricWithLabelValues]. The dynamic type of the result implements [Summary].
func (v *SummaryVec) GetMetricWithLabelValues(values ...string) (Observer, error) {
	if v.vec == nil {
		return v.noOp().Get(values), nil
	}
	m, err := v.vec.Get(values)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// GetMetricWith is like [SummaryVec.GetMetricWithLabelValues], with the label values by name.
func (v *SummaryVec) GetMetricWith(labels Labels) (Observer, error) {
	if v.vec == nil {
		return v.noOp().GetNamed(labels), nil
	}
	m, err := v.vec.GetNamed(labels)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// WithLabelValues is like [SummaryVec.GetMetricWithLabelValues], but panics where that returns an
// error.
func (v *SummaryVec) WithLabelValues(values ...string) Observer {
	if v.vec == nil {
		return v.noOp().Get(values)
	}
	if e := v.vec.Plain.Get(values); e != nil {
		return &e.Child // Skipping the two calls in between saves 2 ns.
	}
	return must(v.vec.Get(values))
}

// With is like [SummaryVec.GetMetricWith], but panics where that returns an error.
func (v *SummaryVec) With(labels Labels) Observer {
	if v.vec == nil {
		return v.noOp().GetNamed(labels)
	}
	return must(v.vec.GetNamed(labels))
}

// CurryWith returns a *SummaryVec with some of the labels fixed; see [CounterVec.CurryWith].
func (v *SummaryVec) CurryWith(labels Labels) (ObserverVec, error) {
	if v.vec == nil {
		return &SummaryVec{MetricVec: &MetricVec{v.noOp().CurryWith(labels)}}, nil
	}
	curried, err := v.vec.CurryWith(labels)
	if err != nil {
		return nil, err
	}
	return summaryVec(curried), nil
}

// MustCurryWith is like [SummaryVec.CurryWith], but panics where that returns an error.
func (v *SummaryVec) MustCurryWith(labels Labels) ObserverVec { return must(v.CurryWith(labels)) }

// Replace replaces all series by those that build creates in another vector; see
// [MetricVec.Replace].
func (v *SummaryVec) Replace(build func(*SummaryVec)) {
	if v.vec == nil {
		noOp := v.noOp()
		aside := noOp.Aside()
		build(&SummaryVec{MetricVec: &MetricVec{aside}})
		noOp.Adopt(aside)
		return
	}
	aside := v.vec.Aside()
	build(summaryVec(aside))
	v.vec.Adopt(aside)
}
