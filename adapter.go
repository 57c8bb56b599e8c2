package metric

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Types that appear in the APIs of other packages are aliases of client_golang's types, so values pass
// between the packages without conversion. See client_golang's documentation for their fields and methods.
type (
	// Collector is anything that metrics can be collected from.
	Collector = prometheus.Collector
	// Metric is a single series with its current value.
	Metric = prometheus.Metric
	// Desc describes the metrics of a family: name, help, unit and labels.
	Desc = prometheus.Desc
	// DescOpt is an option of the NewDesc method of [V2].
	DescOpt = prometheus.DescOpt
	// Labels maps label names to values.
	Labels = prometheus.Labels

	// Registerer registers collectors.
	Registerer = prometheus.Registerer
	// Gatherer gathers metric families.
	Gatherer = prometheus.Gatherer
	// GathererFunc is a function as a Gatherer.
	GathererFunc = prometheus.GathererFunc
	// TransactionalGatherer is a [Gatherer] whose result comes with a function to call when the
	// result is no longer used. See [HandlerForTransactional].
	TransactionalGatherer = prometheus.TransactionalGatherer
	// AlreadyRegisteredError is the error of Register if an equal collector is registered already.
	// Its field ExistingCollector is that collector.
	AlreadyRegisteredError = prometheus.AlreadyRegisteredError
	// MultiError holds several errors as one.
	MultiError = prometheus.MultiError
	// SafeMultiError collects errors. It is safe for concurrent use.
	SafeMultiError = prometheus.SafeMultiError
	// MultiTRegistry joins transactional gatherers. They must not have families in common. See
	// [NewMultiTRegistry].
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

	// ConstrainableLabels are label names with optional constraints: [ConstrainedLabels] or
	// [UnconstrainedLabels].
	ConstrainableLabels = prometheus.ConstrainableLabels
	// ConstrainedLabels are label names with constraints. A constraint normalizes label values
	// before a vector looks them up.
	ConstrainedLabels = prometheus.ConstrainedLabels
	// ConstrainedLabel is a label name with its constraint, an element of [ConstrainedLabels].
	ConstrainedLabel = prometheus.ConstrainedLabel
	// UnconstrainedLabels are plain label names.
	UnconstrainedLabels = prometheus.UnconstrainedLabels
	// LabelConstraint is a function that normalizes a label value.
	LabelConstraint = prometheus.LabelConstraint

	// Histogram counts observations in buckets.
	Histogram = prometheus.Histogram
	// Summary counts observations and estimates quantiles over a sliding window.
	Summary = prometheus.Summary
	// Observer takes observations. Histograms, summaries and functions ([ObserverFunc]) implement
	// it.
	Observer = prometheus.Observer
	// ObserverFunc is a function as an Observer.
	ObserverFunc = prometheus.ObserverFunc
	// ObserverVec has the methods that [HistogramVec] and [SummaryVec] have in common.
	ObserverVec = prometheus.ObserverVec
	// ExemplarObserver takes observations with an exemplar.
	ExemplarObserver = prometheus.ExemplarObserver
	// ExemplarAdder takes increments with an exemplar.
	ExemplarAdder = prometheus.ExemplarAdder
	// Exemplar is an example observation for [NewMetricWithExemplars].
	Exemplar = prometheus.Exemplar
	// Timer observes durations in seconds; see [NewTimer].
	Timer = prometheus.Timer
	// CounterFunc is a counter whose value a function returns; see [NewCounterFunc].
	CounterFunc = prometheus.CounterFunc
	// GaugeFunc is a gauge whose value a function returns; see [NewGaugeFunc].
	GaugeFunc = prometheus.GaugeFunc
	// UntypedFunc is an untyped metric whose value a function returns; see [NewUntypedFunc].
	UntypedFunc = prometheus.UntypedFunc
	// ValueType distinguishes counters, gauges and untyped values: [CounterValue], [GaugeValue] and
	// [UntypedValue].
	ValueType = prometheus.ValueType
	// CollectorFunc is a function as an unchecked [Collector].
	CollectorFunc = prometheus.CollectorFunc

	// ProcessCollectorOpts are the options of [NewProcessCollector].
	ProcessCollectorOpts = prometheus.ProcessCollectorOpts
)

// The parts of a gathered metric family are the protobuf types of client_model.
type (
	// MetricFamily is a family of metrics as Gather returns it.
	MetricFamily = dto.MetricFamily
	// MetricData is one metric of a [MetricFamily]. The Write method of a [Metric] fills it.
	MetricData = dto.Metric
	// MetricType is the type of a [MetricFamily], such as [MetricTypeCounter].
	MetricType = dto.MetricType
	// LabelPair is a label of a gathered metric.
	LabelPair = dto.LabelPair
)

// Pointers to metric types, for the Type field of a [MetricFamily]. Programs must not write to them.
var (
	CounterMetricTypePtr = prometheus.CounterMetricTypePtr
	GaugeMetricTypePtr   = prometheus.GaugeMetricTypePtr
	UntypedMetricTypePtr = prometheus.UntypedMetricTypePtr
)

// The types of a [MetricFamily].
const (
	MetricTypeCounter        = dto.MetricType_COUNTER
	MetricTypeGauge          = dto.MetricType_GAUGE
	MetricTypeSummary        = dto.MetricType_SUMMARY
	MetricTypeUntyped        = dto.MetricType_UNTYPED
	MetricTypeHistogram      = dto.MetricType_HISTOGRAM
	MetricTypeGaugeHistogram = dto.MetricType_GAUGE_HISTOGRAM
)
