package metric

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Types that cross the border to other people's code are aliases of
// client_golang's, so that values flow both ways without conversion.
type (
	// Collector is anything that metrics can be collected from.
	Collector = prometheus.Collector
	// Metric is a single series with its current value.
	Metric = prometheus.Metric
	// Desc describes the metrics of a family: name, help, unit and labels.
	Desc = prometheus.Desc
	// DescOpt is an option of V2.NewDesc.
	DescOpt = prometheus.DescOpt
	// Labels maps label names to values.
	Labels = prometheus.Labels

	// Registerer registers collectors.
	Registerer = prometheus.Registerer
	// Gatherer gathers metric families.
	Gatherer = prometheus.Gatherer
	// GathererFunc is a function as a Gatherer.
	GathererFunc = prometheus.GathererFunc
	// TransactionalGatherer is a Gatherer that is told when its result is no longer used.
	TransactionalGatherer = prometheus.TransactionalGatherer
	// AlreadyRegisteredError is returned when an equal collector is registered already.
	AlreadyRegisteredError = prometheus.AlreadyRegisteredError
	// MultiError is several errors in one.
	MultiError = prometheus.MultiError
	// SafeMultiError collects errors, and is safe for concurrent use.
	SafeMultiError = prometheus.SafeMultiError
	// MultiTRegistry joins transactional gatherers, which must not have families in
	// common.
	MultiTRegistry = prometheus.MultiTRegistry

	// Opts are the options of most instruments.
	Opts = prometheus.Opts
	// CounterOpts are the options of a counter.
	CounterOpts = prometheus.CounterOpts
	// CounterVecOpts are the options of a CounterVec.
	CounterVecOpts = prometheus.CounterVecOpts
	// GaugeOpts are the options of a gauge.
	GaugeOpts = prometheus.GaugeOpts
	// GaugeVecOpts are the options of a GaugeVec.
	GaugeVecOpts = prometheus.GaugeVecOpts
	// HistogramOpts are the options of a histogram.
	HistogramOpts = prometheus.HistogramOpts
	// HistogramVecOpts are the options of a HistogramVec.
	HistogramVecOpts = prometheus.HistogramVecOpts
	// SummaryOpts are the options of a summary.
	SummaryOpts = prometheus.SummaryOpts
	// SummaryVecOpts are the options of a SummaryVec.
	SummaryVecOpts = prometheus.SummaryVecOpts
	// UntypedOpts are the options of an untyped metric.
	UntypedOpts = prometheus.UntypedOpts

	// ConstrainableLabels are label names with optional constraints.
	ConstrainableLabels = prometheus.ConstrainableLabels
	// ConstrainedLabels are label names whose values are normalised.
	ConstrainedLabels = prometheus.ConstrainedLabels
	// ConstrainedLabel is one of ConstrainedLabels.
	ConstrainedLabel = prometheus.ConstrainedLabel
	// UnconstrainedLabels are plain label names.
	UnconstrainedLabels = prometheus.UnconstrainedLabels
	// LabelConstraint normalises label values.
	LabelConstraint = prometheus.LabelConstraint

	// Histogram counts observations in buckets.
	Histogram = prometheus.Histogram
	// Summary counts observations and estimates quantiles over a sliding window.
	Summary = prometheus.Summary
	// Observer takes observations: histograms, summaries, and functions.
	Observer = prometheus.Observer
	// ObserverFunc is a function as an Observer.
	ObserverFunc = prometheus.ObserverFunc
	// ObserverVec is what HistogramVec and SummaryVec have in common.
	ObserverVec = prometheus.ObserverVec
	// ExemplarObserver takes observations with an exemplar.
	ExemplarObserver = prometheus.ExemplarObserver
	// ExemplarAdder takes increments with an exemplar.
	ExemplarAdder = prometheus.ExemplarAdder
	// Exemplar is an example observation for NewMetricWithExemplars.
	Exemplar = prometheus.Exemplar
	// Timer observes durations.
	Timer = prometheus.Timer
	// CounterFunc is a counter that is read by a function.
	CounterFunc = prometheus.CounterFunc
	// GaugeFunc is a gauge that is read by a function.
	GaugeFunc = prometheus.GaugeFunc
	// UntypedFunc is an untyped metric that is read by a function.
	UntypedFunc = prometheus.UntypedFunc
	// ValueType tells counters, gauges and untyped values apart.
	ValueType = prometheus.ValueType
	// CollectorFunc is a function as an unchecked Collector.
	CollectorFunc = prometheus.CollectorFunc

	// ProcessCollectorOpts are the options of NewProcessCollector.
	ProcessCollectorOpts = prometheus.ProcessCollectorOpts
)

// The parts of a gathered metric family are client_model's.
type (
	// MetricFamily is a family of metrics as Gather returns it.
	MetricFamily = dto.MetricFamily
	// MetricData is one metric of a MetricFamily, and what Metric.Write fills.
	MetricData = dto.Metric
	// MetricType is the type of a MetricFamily.
	MetricType = dto.MetricType
	// LabelPair is a label of a gathered metric.
	LabelPair = dto.LabelPair
)

// Pointers to some of the types, as a MetricFamily has them. They must not be written
// to.
var (
	CounterMetricTypePtr = prometheus.CounterMetricTypePtr
	GaugeMetricTypePtr   = prometheus.GaugeMetricTypePtr
	UntypedMetricTypePtr = prometheus.UntypedMetricTypePtr
)

// The types of a MetricFamily.
const (
	MetricTypeCounter        = dto.MetricType_COUNTER
	MetricTypeGauge          = dto.MetricType_GAUGE
	MetricTypeSummary        = dto.MetricType_SUMMARY
	MetricTypeUntyped        = dto.MetricType_UNTYPED
	MetricTypeHistogram      = dto.MetricType_HISTOGRAM
	MetricTypeGaugeHistogram = dto.MetricType_GAUGE_HISTOGRAM
)
