package remotewrite

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/internal/writereq"
)

// metrics are the metrics about a target. The labels of the target are constant labels of each descriptor,
// so that the metrics of several Pushers can be in one registry.
type metrics struct {
	counts    [numCounts]countDescs
	bytes     *prometheus.Desc
	newest    *prometheus.Desc
	sent      *prometheus.Desc
	durations metric.Histogram
}

// countDescs has the descriptors for one kind of data: samples, exemplars or histograms.
type countDescs struct{ total, failed, retried, dropped, pending *prometheus.Desc }

// The kinds of data that are counted.
const (
	countSamples = iota
	countExemplars
	countHistograms
	numCounts
)

func countsOf(c writereq.Counts) [numCounts]uint64 {
	return [numCounts]uint64{c.Samples, c.Exemplars, c.Histograms}
}

const namespace, subsystem = "prometheus", "remote_storage"

func newMetrics(of *Target) *metrics {
	labels := prometheus.Labels{"remote_name": of.Name, "url": of.shownURL()}
	desc := func(name, help string, variable ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, subsystem, name), help, variable, labels)
	}
	m := &metrics{
		bytes:  desc("bytes_total", "The total number of bytes of metrics sent to the target, after compression."),
		newest: desc("queue_highest_timestamp_seconds", "The highest timestamp of a sample that was queued, in seconds since the Unix epoch."),
		sent:   desc("queue_highest_sent_timestamp_seconds", "The highest timestamp of a sample that the target has taken, in seconds since the Unix epoch."),
		durations: metric.NewHistogram(metric.HistogramOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "sent_batch_duration_seconds",
			Help: "Duration of requests to the target.", ConstLabels: labels, Buckets: prometheus.DefBuckets,
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}),
	}
	for i, what := range [numCounts]string{countSamples: "samples", countExemplars: "exemplars", countHistograms: "histograms"} {
		m.counts[i] = countDescs{
			total:   desc(what+"_total", "The total number of "+what+" sent to the target, retries included."),
			failed:  desc(what+"_failed_total", "The total number of "+what+" that the target has rejected."),
			retried: desc(what+"_retried_total", "The total number of "+what+" in requests that failed and are sent again."),
			dropped: desc(what+"_dropped_total", "The total number of "+what+" that were dropped before they were sent.", "reason"),
			pending: desc(what+"_pending", "The number of "+what+" in the queue."),
		}
	}
	return m
}

func (m *metrics) describe(ch chan<- *prometheus.Desc) {
	for _, c := range m.counts {
		for _, d := range [...]*prometheus.Desc{c.total, c.failed, c.retried, c.dropped, c.pending} {
			ch <- d
		}
	}
	ch <- m.bytes
	ch <- m.newest
	ch <- m.sent
	m.durations.Describe(ch)
}

// The values of the label reason of dropped samples.
const (
	reasonFull  = "queue_full"
	reasonError = "queue_error" // The queue on disk could not be written.
)

// collect sends the metrics of a target.
func (t *target) collect(ch chan<- prometheus.Metric) {
	s := t.snapshot()
	var (
		m         = t.metrics
		sent      = countsOf(s.sent)
		failed    = countsOf(s.failed)
		retried   = countsOf(s.retried)
		unqueued  = countsOf(s.unqueued)
		displaced = countsOf(t.log.Dropped(t.index).Counts)
		pending   = countsOf(t.log.Pending(t.index).Counts)
	)
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	for i, d := range m.counts {
		counter(d.total, sent[i])
		counter(d.failed, failed[i])
		counter(d.retried, retried[i])
		counter(d.dropped, displaced[i], reasonFull)
		counter(d.dropped, unqueued[i], reasonError)
		gauge(d.pending, float64(pending[i]))
	}
	counter(m.bytes, s.bytes)
	const millisecond = 1e-3
	gauge(m.newest, float64(s.newest)*millisecond)
	gauge(m.sent, float64(s.newestSent)*millisecond)
	m.durations.Collect(ch)
}

// dropped returns the counts of the data that was dropped before it was sent.
func (t *target) dropped() writereq.Counts {
	c := t.log.Dropped(t.index).Counts
	c.Add(t.snapshot().unqueued)
	return c
}
