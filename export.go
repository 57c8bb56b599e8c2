package metric

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Constants that are client_golang's.
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

// DefBuckets are the default histogram buckets, made for response times of network
// services in seconds.
var DefBuckets = prometheus.DefBuckets

// BuildFQName joins namespace, subsystem and name with underscores.
func BuildFQName(namespace, subsystem, name string) string {
	return prometheus.BuildFQName(namespace, subsystem, name)
}

// LinearBuckets returns count bucket bounds, width apart, from start. It panics if
// count is not positive.
func LinearBuckets(start, width float64, count int) []float64 {
	return prometheus.LinearBuckets(start, width, count)
}

// ExponentialBuckets returns count bucket bounds from start, each factor times the
// one before. It panics if count or start is not positive, or factor not above 1.
func ExponentialBuckets(start, factor float64, count int) []float64 {
	return prometheus.ExponentialBuckets(start, factor, count)
}

// ExponentialBucketsRange returns count bucket bounds that grow by a constant factor
// from minBucket to maxBucket. It panics if count or minBucket is not positive.
func ExponentialBucketsRange(minBucket, maxBucket float64, count int) []float64 {
	return prometheus.ExponentialBucketsRange(minBucket, maxBucket, count)
}

// NewDesc returns a descriptor. An error in its arguments is reported when it is
// registered, and by its Err method.
func NewDesc(fqName, help string, variableLabels []string, constLabels Labels) *Desc {
	return prometheus.NewDesc(fqName, help, variableLabels, constLabels)
}

// NewInvalidDesc returns a descriptor that cannot be registered, because of err.
func NewInvalidDesc(err error) *Desc { return prometheus.NewInvalidDesc(err) }

// WithUnit sets the unit of a descriptor.
func WithUnit(unit string) DescOpt { return prometheus.WithUnit(unit) }

// NewConstMetric returns a metric with a fixed value. It is an error if the label
// values do not fit desc.
func NewConstMetric(desc *Desc, valueType ValueType, value float64, labelValues ...string) (Metric, error) {
	return prometheus.NewConstMetric(desc, valueType, value, labelValues...)
}

// MustNewConstMetric is NewConstMetric, but panics where that returns an error.
func MustNewConstMetric(desc *Desc, valueType ValueType, value float64, labelValues ...string) Metric {
	return prometheus.MustNewConstMetric(desc, valueType, value, labelValues...)
}

// NewConstMetricWithCreatedTimestamp is NewConstMetric for a counter that knows when
// it began.
func NewConstMetricWithCreatedTimestamp(desc *Desc, valueType ValueType, value float64, ct time.Time, labelValues ...string) (Metric, error) {
	return prometheus.NewConstMetricWithCreatedTimestamp(desc, valueType, value, ct, labelValues...)
}

// MustNewConstMetricWithCreatedTimestamp is NewConstMetricWithCreatedTimestamp, but
// panics where that returns an error.
func MustNewConstMetricWithCreatedTimestamp(desc *Desc, valueType ValueType, value float64, ct time.Time, labelValues ...string) Metric {
	return prometheus.MustNewConstMetricWithCreatedTimestamp(desc, valueType, value, ct, labelValues...)
}

// NewConstHistogram returns a histogram with fixed values. The counts of buckets, by
// upper bound, are cumulative and leave +Inf out.
func NewConstHistogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, labelValues ...string) (Metric, error) {
	return prometheus.NewConstHistogram(desc, count, sum, buckets, labelValues...)
}

// MustNewConstHistogram is NewConstHistogram, but panics where that returns an error.
func MustNewConstHistogram(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, labelValues ...string) Metric {
	return prometheus.MustNewConstHistogram(desc, count, sum, buckets, labelValues...)
}

// NewConstHistogramWithCreatedTimestamp is NewConstHistogram for a histogram that
// knows when it began.
func NewConstHistogramWithCreatedTimestamp(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, ct time.Time, labelValues ...string) (Metric, error) {
	return prometheus.NewConstHistogramWithCreatedTimestamp(desc, count, sum, buckets, ct, labelValues...)
}

// MustNewConstHistogramWithCreatedTimestamp is NewConstHistogramWithCreatedTimestamp,
// but panics where that returns an error.
func MustNewConstHistogramWithCreatedTimestamp(desc *Desc, count uint64, sum float64, buckets map[float64]uint64, ct time.Time, labelValues ...string) Metric {
	return prometheus.MustNewConstHistogramWithCreatedTimestamp(desc, count, sum, buckets, ct, labelValues...)
}

// NewConstNativeHistogram returns a native histogram with fixed values. The buckets
// map bucket indices to counts.
func NewConstNativeHistogram(desc *Desc, count uint64, sum float64, positiveBuckets, negativeBuckets map[int]int64,
	zeroBucket uint64, schema int32, zeroThreshold float64, createdTimestamp time.Time, labelValues ...string,
) (Metric, error) {
	return prometheus.NewConstNativeHistogram(desc, count, sum, positiveBuckets, negativeBuckets,
		zeroBucket, schema, zeroThreshold, createdTimestamp, labelValues...)
}

// MustNewConstNativeHistogram is NewConstNativeHistogram, but panics where that
// returns an error.
func MustNewConstNativeHistogram(desc *Desc, count uint64, sum float64, positiveBuckets, negativeBuckets map[int]int64,
	zeroBucket uint64, schema int32, zeroThreshold float64, createdTimestamp time.Time, labelValues ...string,
) Metric {
	return prometheus.MustNewConstNativeHistogram(desc, count, sum, positiveBuckets, negativeBuckets,
		zeroBucket, schema, zeroThreshold, createdTimestamp, labelValues...)
}

// NewConstSummary returns a summary with fixed values.
func NewConstSummary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, labelValues ...string) (Metric, error) {
	return prometheus.NewConstSummary(desc, count, sum, quantiles, labelValues...)
}

// MustNewConstSummary is NewConstSummary, but panics where that returns an error.
func MustNewConstSummary(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, labelValues ...string) Metric {
	return prometheus.MustNewConstSummary(desc, count, sum, quantiles, labelValues...)
}

// NewConstSummaryWithCreatedTimestamp is NewConstSummary for a summary that knows
// when it began.
func NewConstSummaryWithCreatedTimestamp(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, ct time.Time, labelValues ...string) (Metric, error) {
	return prometheus.NewConstSummaryWithCreatedTimestamp(desc, count, sum, quantiles, ct, labelValues...)
}

// MustNewConstSummaryWithCreatedTimestamp is NewConstSummaryWithCreatedTimestamp, but
// panics where that returns an error.
func MustNewConstSummaryWithCreatedTimestamp(desc *Desc, count uint64, sum float64, quantiles map[float64]float64, ct time.Time, labelValues ...string) Metric {
	return prometheus.MustNewConstSummaryWithCreatedTimestamp(desc, count, sum, quantiles, ct, labelValues...)
}

// NewInvalidMetric returns a metric whose Write returns err: the way to report an
// error from Collect.
func NewInvalidMetric(desc *Desc, err error) Metric { return prometheus.NewInvalidMetric(desc, err) }

// NewMetricWithTimestamp returns m with an explicit timestamp, instead of that of the
// scrape. It is for metrics that are mirrored from elsewhere: Prometheus refuses samples
// that are too old, and does not notice when such a series ends.
func NewMetricWithTimestamp(t time.Time, m Metric) Metric {
	return prometheus.NewMetricWithTimestamp(t, m)
}

// NewMetricWithExemplars returns m, a counter or histogram, with exemplars.
func NewMetricWithExemplars(m Metric, exemplars ...Exemplar) (Metric, error) {
	return prometheus.NewMetricWithExemplars(m, exemplars...)
}

// MustNewMetricWithExemplars is NewMetricWithExemplars, but panics where that returns
// an error.
func MustNewMetricWithExemplars(m Metric, exemplars ...Exemplar) Metric {
	return prometheus.MustNewMetricWithExemplars(m, exemplars...)
}

// MakeLabelPairs returns the label pairs of a metric with these label values.
func MakeLabelPairs(desc *Desc, labelValues []string) []*LabelPair {
	return prometheus.MakeLabelPairs(desc, labelValues)
}

// NewTimer returns a timer that starts now and observes seconds into o.
func NewTimer(o Observer) *Timer { return prometheus.NewTimer(o) }

// DescribeByCollect describes a collector by collecting from it once: for a Describe whose
// collector always collects the same families, and that quickly.
func DescribeByCollect(c Collector, descs chan<- *Desc) { prometheus.DescribeByCollect(c, descs) }

// NewGoCollector returns a collector of metrics about the Go runtime. Its options are
// those of client_golang's package collectors. (It is a variable because their type is
// private there; it must not be set.)
var NewGoCollector = collectors.NewGoCollector

// NewProcessCollector returns a collector of metrics about a process.
func NewProcessCollector(opts ProcessCollectorOpts) Collector {
	return collectors.NewProcessCollector(collectors.ProcessCollectorOpts(opts))
}

// NewBuildInfoCollector returns a collector of the build information of the binary.
func NewBuildInfoCollector() Collector { return collectors.NewBuildInfoCollector() }

// NewExpvarCollector returns a collector of expvar variables.
func NewExpvarCollector(exports map[string]*Desc) Collector {
	return collectors.NewExpvarCollector(exports)
}

// NewPidFileFn returns a function that reads the process ID from a file, for
// ProcessCollectorOpts. The function returns an error if the file cannot be read or
// does not contain a number.
func NewPidFileFn(pidFilePath string) func() (int, error) {
	return prometheus.NewPidFileFn(pidFilePath)
}

// NewMultiTRegistry joins transactional gatherers, which must not have families in
// common. HandlerForTransactional serves the result.
func NewMultiTRegistry(gatherers ...TransactionalGatherer) *MultiTRegistry {
	return prometheus.NewMultiTRegistry(gatherers...)
}

// WriteToTextfile gathers from g and writes the result to a file in the text format,
// for the textfile collector of the node exporter, which wants a name that ends in
// .prom. The file is replaced as a whole or, if there is an error, not at all: a
// partial result is an error here. To set a deadline, use BindGatherer; to write a partial
// result as well, use Partial of the package push.
func WriteToTextfile(filename string, g Gatherer) error {
	return prometheus.WriteToTextfile(filename, g)
}
