package names

import (
	"github.com/luxfi/metric"
	"github.com/prometheus/client_golang/prometheus"
)

const help = "Help."

func good(m metric.Metrics, namespace, text string) {
	prometheus.NewCounter(prometheus.CounterOpts{Name: "requests_total", Help: help})
	prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "sent_bytes_total", Help: text})
	prometheus.NewCounter(prometheus.CounterOpts{Name: namespace, Help: help})
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "queue_size", Help: help})
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "start_time_seconds", Help: help})
	prometheus.NewHistogram(prometheus.HistogramOpts{Name: "batch_size", Help: help})
	prometheus.NewHistogram(prometheus.HistogramOpts{Name: "request_duration_seconds", Help: help})
	prometheus.NewHistogram(prometheus.HistogramOpts{Name: "response_size_bytes", Help: help})
	prometheus.NewHistogram(prometheus.HistogramOpts{Name: "request_duration_seconds", Help: help})
	prometheus.NewDesc("mirrored_seconds", "", nil, nil)
	m.NewCounter("jobs_total", help)
}

func bad(m metric.Metrics) {
	prometheus.NewCounter(prometheus.CounterOpts{Name: "requests", Help: help})                    // want `requests: the name of a counter should end in _total: requests_total`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "items_total", Help: help})                     // want `only the name of a counter should end in _total, and this is a gauge`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "items"})                                       // want `items has no help`
	m.NewCounter("jobs_total", "")                                                                 // want `jobs_total has no help`
	m.NewCounter("jobs", help)                                                                     // want `jobs_total`
	prometheus.NewHistogram(prometheus.HistogramOpts{Name: "wait_ms", Help: help})                 // want `the unit ms should be written out, as a base unit: seconds`
	prometheus.NewHistogram(prometheus.HistogramOpts{Name: "wait_milliseconds", Help: help})       // want `base unit: seconds instead of milliseconds`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "age_hours", Help: help})                       // want `seconds instead of hours`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "heap_kb", Help: help})                         // want `the unit kb should be written out`
	prometheus.NewHistogram(prometheus.HistogramOpts{Name: "request_duration", Help: help})        // want `the name should contain the unit: request_duration_seconds`
	prometheus.NewSummary(prometheus.SummaryOpts{Name: "rpc_latency", Help: help})                 // want `rpc_latency_seconds`
	prometheus.NewHistogram(prometheus.HistogramOpts{Name: "response_size", Help: help})           // want `response_size_bytes`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "queueItems", Help: help})                      // want `snake_case`
	prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "items", Help: help}, []string{"queueName"}) // want `the label queueName should be written in snake_case`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "job:items", Help: help})                       // want `colon`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "queue.items", Help: help})                     // want `letters, digits and underscores`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "queue_gauge", Help: help})                     // want `should not contain the type of the metric, gauge`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "items_count", Help: help})                     // want `only histograms and summaries have series whose names end in _count`
	prometheus.NewGauge(prometheus.GaugeOpts{Name: "items_bucket", Help: help})                    // want `only histograms have series`
	prometheus.NewDesc("disk_megabytes", help, nil, nil)                                           // want `bytes instead of megabytes`
}

var (
	reads = prometheus.NewDesc("disk_reads", help, nil, nil)
	used  = prometheus.NewDesc("disk_used_bytes_total", help, nil, nil)
)

func collect(ch chan<- prometheus.Metric, sink *metric.Sink, t prometheus.ValueType) {
	ch <- prometheus.MustNewConstMetric(reads, prometheus.CounterValue, 1) // want `disk_reads: the name of a counter should end in _total`
	ch <- prometheus.MustNewConstMetric(reads, prometheus.GaugeValue, 1)
	ch <- prometheus.MustNewConstMetric(reads, t, 1)
	_ = sink.Gauge(used, 1) // want `disk_used_bytes_total: only the name of a counter`
	_ = sink.Counter(used, 1)
}
