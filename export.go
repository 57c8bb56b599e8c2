package metric

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Constants of client_golang.
const (
	CounterValue = prometheus.CounterValue
	GaugeValue   = prometheus.GaugeValue
	UntypedValue = prometheus.UntypedValue

	DefNativeHistogramZeroThreshold  = prometheus.DefNativeHistogramZeroThreshold
	NativeHistogramZeroThresholdZero = prometheus.NativeHistogramZeroThresholdZero
	DefMaxAge                        = prometheus.DefMaxAge
	DefAgeBuckets                    = prometheus.DefAgeBuckets
	DefBufCap                        = prometheus.DefBufCap
	ExemplarMaxRunes                 = prometheus.ExemplarMaxRunes
)

// DefBuckets are the default histogram buckets: from 5 ms to 10 s, made for response times of
// network services in seconds.
var DefBuckets = prometheus.DefBuckets

// BuildFQName joins namespace, subsystem and name with underscores. It leaves out empty parts, and
// returns "" if name is empty.
func BuildFQName(namespace, subsystem, name string) string {
	return prometheus.BuildFQName(namespace, subsystem, name)
}

// LinearBuckets returns count bucket bounds that begin at start and are width apart. It panics if
// count is not positive.
func LinearBuckets(start, width float64, count int) []float64 {
	return prometheus.LinearBuckets(start, width, count)
}

// ExponentialBuckets returns count bucket bounds that begin at start. Each is factor times the one
// before. ExponentialBuckets panics unless count and start are positive and factor is greater than
// 1.
func ExponentialBuckets(start, factor float64, count int) []float64 {
	return prometheus.ExponentialBuckets(start, factor, count)
}

// ExponentialBucketsRange returns count bucket bounds that grow by a constant factor from minBucket
// to maxBucket. It panics unless count and minBucket are positive.
func ExponentialBucketsRange(minBucket, maxBucket float64, count int) []float64 {
	return prometheus.ExponentialBucketsRange(minBucket, maxBucket, count)
}

// NewDesc returns a descriptor. Registering it reports an error in the arguments, as does its Err
// method.
func NewDesc(fqName, help string, variableLabels []string, constLabels Labels) *Desc {
	return prometheus.NewDesc(fqName, help, variableLabels, constLabels)
}

// NewInvalidDesc returns a descriptor that cannot be registered: registering it returns err.
func NewInvalidDesc(err error) *Desc { return prometheus.NewInvalidDesc(err) }

// WithUnit sets the unit of a descriptor; see [V2Constructors.NewDesc].
func WithUnit(unit string) DescOpt { return prometheus.WithUnit(unit) }

// NewConstMetric returns a metric with a fixed value. It returns an error if the label values do
// not fit desc.
func NewConstMetric(desc *Desc, valueType ValueType, value float64, labelValues ...string) (Metric, error) {
	return prometheus.NewConstMetric(desc, valueType, value, labelValues...)
}

// MustNewConstMetric is like [NewConstMetric], but panics where that returns an error.
func MustNewConstMetric(desc *Desc, valueType ValueType, value float64, labelValues ...string) Metric {
	return prometheus.MustNewConstMetric(desc, valueType, value, labelValues...)
}

// NewConstMetricWithCreatedTimestamp is like [NewConstMetric], for a counter whose start timestamp
// is known.
func NewConstMetricWithCreatedTimestamp(desc *Desc, valueType ValueType, value float64, ct time.Time, labelValues ...string) (Metric, error) {
	return prometheus.NewConstMetricWithCreatedTimestamp(desc, valueType, value, ct, labelValues...)
}

// MustNewConstMetricWithCreatedTimestamp is like [NewConstMetricWithCreatedTimestamp], but panics
// where that returns an error.
func MustNewConstMetricWithCreatedTimestamp(desc *Desc, valueType ValueType, value float64, ct time.Time, labelValues ...string) Metric {
	return prometheus.MustNewConstMetricWithCreatedTimestamp(desc, valueType, value, ct, labelValues...)
}

// NewConstHistogram returns a histogram with fixed values. buckets maps upper bounds to cumulative
// counts, without +Inf.
func NewConstHistogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, labelValues ...string) (Metric, error) {
	return prometheus.NewConstHistogram(desc, count, sum, buckets, labelValues...)
}

// MustNewConstHistogram is like [NewConstHistogram], but panics where that returns an error.
func MustNewConstHistogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, labelValues ...string) Metric {
	return prometheus.MustNewConstHistogram(desc, count, sum, buckets, labelValues...)
}

// NewConstHistogramWithCreatedTimestamp is like [NewConstHistogram], for a histogram whose start
// timestamp is known.
func NewConstHistogramWithCreatedTimestamp(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, ct time.Time, labelValues ...string) (Metric, error) {
	return prometheus.NewConstHistogramWithCreatedTimestamp(desc, count, sum, buckets, ct, labelValues...)
}

// MustNewConstHistogramWithCreatedTimestamp is like [NewConstHistogramWithCreatedTimestamp], but
// panics where that returns an error.
func MustNewConstHistogramWithCreatedTimestamp(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, ct time.Time, labelValues ...string) Metric {
	return prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, count, sum, buckets, ct, labelValues...)
}

// NewConstNativeHistogram returns a native histogram with fixed values. The buckets map bucket
// indices to counts.
func NewConstNativeHistogram(desc *Desc, count uint64, sum float64, positiveBuckets, negativeBuckets map[int]int64,
	zeroBucket uint64, schema int32, zeroThreshold float64, createdTimestamp time.Time, labelValues ...string,
) (Metric, error) {
	return prometheus.NewConstNativeHistogram(desc, count, sum, positiveBuckets, negativeBuckets,
		zeroBucket, schema, zeroThreshold, createdTimestamp, labelValues...)
}

// MustNewConstNativeHistogram is like [NewConstNativeHistogram], but panics where that returns an
// error.
func MustNewConstNativeHistogram(desc *Desc, count uint64, sum float64, positiveBuckets, negativeBuckets map[int]int64,
	zeroBucket uint64, schema int32, zeroThreshold float64, createdTimestamp time.Time, labelValues ...string,
) Metric {
	return prometheus.MustNewConstNativeHistogram(desc, count, sum, positiveBuckets, negativeBuckets,
		zeroBucket, schema, zeroThreshold, createdTimestamp, labelValues...)
}

// NewConstSummary returns a summary with fixed values. quantiles maps ranks, from 0 to 1, to
// values.
func NewConstSummary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, labelValues ...string) (Metric, error) {
	return prometheus.NewConstSummary(desc, count, sum, quantiles, labelValues...)
}

// MustNewConstSummary is like [NewConstSummary], but panics where that returns an error.
func MustNewConstSummary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, labelValues ...string) Metric {
	return prometheus.MustNewConstSummary(desc, count, sum, quantiles, labelValues...)
}

// NewConstSummaryWithCreatedTimestamp is like [NewConstSummary], for a summary whose start
// timestamp is known.
func NewConstSummaryWithCreatedTimestamp(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, ct time.Time, labelValues ...string) (Metric, error) {
	return prometheus.NewConstSummaryWithCreatedTimestamp(desc, count, sum, quantiles, ct, labelValues...)
}

// MustNewConstSummaryWithCreatedTimestamp is like [NewConstSummaryWithCreatedTimestamp], but panics
// where that returns an error.
func MustNewConstSummaryWithCreatedTimestamp(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, ct time.Time, labelValues ...string) Metric {
	return prometheus.MustNewConstSummaryWithCreatedTimestamp(desc, count, sum, quantiles, ct, labelValues...)
}

// NewInvalidMetric returns a metric whose Write returns err. Collect sends it to report an error.
func NewInvalidMetric(desc *Desc, err error) Metric { return prometheus.NewInvalidMetric(desc, err) }

// NewMetricWithTimestamp returns m with an explicit timestamp in place of the time of the scrape.
// It is for metrics that are mirrored from another system. Prometheus refuses samples that are too
// old, and does not notice when such a series ends.
func NewMetricWithTimestamp(t time.Time, m Metric) Metric {
	return prometheus.NewMetricWithTimestamp(t, m)
}

// NewMetricWithExemplars returns m with exemplars. m must be a counter or a histogram.
func NewMetricWithExemplars(m Metric, exemplars ...Exemplar) (Metric, error) {
	return prometheus.NewMetricWithExemplars(m, exemplars...)
}

// MustNewMetricWithExemplars is like [NewMetricWithExemplars], but panics where that returns an
// error.
func MustNewMetricWithExemplars(m Metric, exemplars ...Exemplar) Metric {
	return prometheus.MustNewMetricWithExemplars(m, exemplars...)
}

// MakeLabelPairs returns the label pairs of a metric with these label values.
func MakeLabelPairs(desc *Desc, labelValues []string) []*LabelPair {
	return prometheus.MakeLabelPairs(desc, labelValues)
}

// NewTimer returns a timer that starts now. Its ObserveDuration method observes the elapsed seconds
// in o.
func NewTimer(o Observer) *Timer { return prometheus.NewTimer(o) }

// DescribeByCollect describes a collector by collecting from it once. A Describe method may call it
// if Collect is quick and always collects the same families.
func DescribeByCollect(c Collector, descs chan<- *Desc) { prometheus.DescribeByCollect(c, descs) }

// NewGoCollector returns a collector of metrics about the Go runtime. It takes the options of
// client_golang's package collectors. NewGoCollector is a variable because the type of the options
// is private to that package. Programs must not set it.
var NewGoCollector = collectors.NewGoCollector

// NewProcessCollector returns a collector of metrics about a process, such as its CPU time, memory
// and open files.
func NewProcessCollector(opts ProcessCollectorOpts) Collector {
	return collectors.NewProcessCollector(collectors.ProcessCollectorOpts(opts))
}

// NewBuildInfoCollector returns a collector of the build information of the program.
func NewBuildInfoCollector() Collector { return collectors.NewBuildInfoCollector() }

// NewExpvarCollector returns a collector of the expvar variables with the names in exports.
func NewExpvarCollector(exports map[string]*Desc) Collector {
	return collectors.NewExpvarCollector(exports)
}

// NewPidFileFn returns a function that reads the process ID from a file, for
// [ProcessCollectorOpts]. The function returns an error if the file cannot be read or does not
// contain a number.
func NewPidFileFn(pidFilePath string) func() (int, error) {
	return prometheus.NewPidFileFn(pidFilePath)
}

// NewMultiTRegistry joins transactional gatherers. They must not have families in common.
// [HandlerForTransactional] serves the result.
func NewMultiTRegistry(gatherers ...TransactionalGatherer) *MultiTRegistry {
	return prometheus.NewMultiTRegistry(gatherers...)
}

// WriteToTextfile gathers from g and writes the result to a file in the text format. It is for the
// textfile collector of the node exporter, which reads files whose names end in .prom.
// WriteToTextfile replaces the file as a whole. If Gather returns an error, even with a partial result,
// WriteToTextfile returns that error and leaves the file unchanged. Use [BindGatherer] to set a deadline,
// and Partial of package push to write partial results.
func WriteToTextfile(filename string, g Gatherer) error {
	return prometheus.WriteToTextfile(filename, g)
}
