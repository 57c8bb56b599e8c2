package promauto

import "github.com/luxfi/metric"

// Factory makes instruments and registers them: see With. The zero value makes them
// and does not register them. It is safe for concurrent use if its Registerer is.
type Factory struct{ registerer metric.Registerer }

// With returns a Factory that registers with r, which may be one of client_golang. If
// r is nil, it registers nowhere.
func With(r metric.Registerer) Factory { return Factory{r} }

// register registers c and returns it. It panics if that fails.
func register[C metric.Collector](f Factory, c C) C {
	if f.registerer != nil {
		f.registerer.MustRegister(c)
	}
	return c
}

// NewCounter is metric.NewCounter; it registers the counter, and panics if that fails.
func (f Factory) NewCounter(opts metric.CounterOpts) metric.ReadableCounter {
	return register(f, metric.NewCounter(opts))
}

// NewCounterVec is metric.NewCounterVec; it registers the vector, and panics if that
// fails.
func (f Factory) NewCounterVec(opts metric.CounterOpts, labelNames []string) *metric.CounterVec {
	return register(f, metric.NewCounterVec(opts, labelNames))
}

// NewCounterFunc is metric.NewCounterFunc; it registers the counter, and panics if
// that fails.
func (f Factory) NewCounterFunc(opts metric.CounterOpts, function func() float64) metric.CounterFunc {
	return register(f, metric.NewCounterFunc(opts, function))
}

// NewGauge is metric.NewGauge; it registers the gauge, and panics if that fails.
func (f Factory) NewGauge(opts metric.GaugeOpts) metric.ReadableGauge {
	return register(f, metric.NewGauge(opts))
}

// NewGaugeVec is metric.NewGaugeVec; it registers the vector, and panics if that fails.
func (f Factory) NewGaugeVec(opts metric.GaugeOpts, labelNames []string) *metric.GaugeVec {
	return register(f, metric.NewGaugeVec(opts, labelNames))
}

// NewGaugeFunc is metric.NewGaugeFunc; it registers the gauge, and panics if that
// fails.
func (f Factory) NewGaugeFunc(opts metric.GaugeOpts, function func() float64) metric.GaugeFunc {
	return register(f, metric.NewGaugeFunc(opts, function))
}

// NewSummary is metric.NewSummary; it registers the summary, and panics if that fails.
func (f Factory) NewSummary(opts metric.SummaryOpts) metric.Summary {
	return register(f, metric.NewSummary(opts))
}

// NewSummaryVec is metric.NewSummaryVec; it registers the vector, and panics if that
// fails.
func (f Factory) NewSummaryVec(opts metric.SummaryOpts, labelNames []string) *metric.SummaryVec {
	return register(f, metric.NewSummaryVec(opts, labelNames))
}

// NewHistogram is metric.NewHistogram; it registers the histogram, and panics if that
// fails.
func (f Factory) NewHistogram(opts metric.HistogramOpts) metric.Histogram {
	return register(f, metric.NewHistogram(opts))
}

// NewHistogramVec is metric.NewHistogramVec; it registers the vector, and panics if
// that fails.
func (f Factory) NewHistogramVec(opts metric.HistogramOpts, labelNames []string) *metric.HistogramVec {
	return register(f, metric.NewHistogramVec(opts, labelNames))
}

// NewUntypedFunc is metric.NewUntypedFunc; it registers the metric, and panics if that
// fails.
func (f Factory) NewUntypedFunc(opts metric.UntypedOpts, function func() float64) metric.UntypedFunc {
	return register(f, metric.NewUntypedFunc(opts, function))
}

// NewInfo is metric.NewInfo; it registers the info, and panics if that fails.
func (f Factory) NewInfo(opts metric.InfoOpts, labels metric.Labels) metric.Info {
	return register(f, metric.NewInfo(opts, labels))
}

// NewInfoVec is metric.NewInfoVec; it registers the vector, and panics if that fails.
func (f Factory) NewInfoVec(opts metric.InfoOpts, labelNames, infoLabels []string) *metric.InfoVec {
	return register(f, metric.NewInfoVec(opts, labelNames, infoLabels))
}

// NewStateSet is metric.NewStateSet; it registers the state set, and panics if that fails.
func (f Factory) NewStateSet(opts metric.StateSetOpts) metric.StateSet {
	return register(f, metric.NewStateSet(opts))
}

// NewStateSetVec is metric.NewStateSetVec; it registers the vector, and panics if that fails.
func (f Factory) NewStateSetVec(opts metric.StateSetOpts, labelNames []string) *metric.StateSetVec {
	return register(f, metric.NewStateSetVec(opts, labelNames))
}
