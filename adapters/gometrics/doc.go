// Package gometrics is a sink for github.com/hashicorp/go-metrics that keeps the metrics of a program
// in instruments of github.com/luxfi/metric and exposes them through a registry.
//
// It takes the place of the sink in go-metrics' own package prometheus, and exposes the same families:
// the parts of a key joined by underscores; gauges, counters, and summaries for samples with the
// quantiles 0.5, 0.9 and 0.99 over ten seconds. Dashboards keep working. [WithHistogram] exposes
// samples as histograms instead, which can be aggregated over instances. [WithGauges], [WithCounters]
// and [WithSamples] take the definitions that programs have for the other sink. By default, the other
// sink forgets series that were not updated for a minute, while this one keeps them: see [WithExpiry].
//
// A program gives the sink to go-metrics:
//
//	sink, err := gometrics.NewSink(registry)
//	if err != nil {
//		return err
//	}
//	_, err = metrics.NewGlobal(metrics.DefaultConfig("service"), sink)
//
// Libraries that import github.com/hashicorp/go-metrics/compat, such as memberlist and serf, use the
// global metrics of github.com/armon/go-metrics unless the program is built with the tag
// hashicorpmetrics. Without the tag, their updates do not reach the sink, and nothing reports that.
//
// # Names and labels
//
// In names of metrics and labels, each character but ASCII letters, digits and underscores becomes an
// underscore, in names of metrics except for colons, too. Keys and labels that are the same after that
// are the same. The order of labels does not matter. A label without a value is no label, and of
// labels with the same name the last one counts. Label names may differ between calls for the same
// key.
//
// A counter, a gauge and a sample may have the same key. The first one that is updated or defined has
// the name, and the next one has its kind appended, such as in requests_gauge. The same holds for a
// name that another one's exposition uses, such as that of a counter called requests_count beside
// samples of requests. The sink reports what it renames. Which of them comes first may differ from
// start to start, so define one of them. [WithTotal] avoids most collisions: it appends _total to the
// names of counters.
//
// # Bounds
//
// Each metric has at most 10,000 series for each set of label names, and further ones are counted
// together as its overflow series; see [WithLimit]. A sink has at most 10,000 metrics, where one with
// several sets of label names counts several times; see [WithMetricLimit]. [WithExpiry] ends series
// that are not updated any more, under the rules of [metric.MetricVec.SetExpiry]: no update is lost,
// and Prometheus sees a counter that returns as a reset.
//
// # Mistakes
//
// A counter that is to be changed by a negative number, NaN or an infinity is not changed, and a
// sample of NaN or an infinity is left out, because either would make the metric useless forever. Such
// updates, and those that the limit of metrics or an impossible name leaves out, appear in the counter
// gometrics_dropped_updates_total by reason, and in the log at most once a minute for each reason, or
// in the function given to [OnError].
//
// # Performance
//
// Calls for known keys and labels take neither locks nor memory. Once a minute, the sink forgets which
// key belongs to which series and finds it out anew, so that series that have expired leave the
// memory.
package gometrics
