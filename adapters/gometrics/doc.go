// Package gometrics is a sink for github.com/hashicorp/go-metrics that stores the metrics of a program in
// instruments of github.com/luxfi/metric and exposes them through a registry.
//
// It replaces the sink in go-metrics' package prometheus and exposes the same families, so that dashboards
// keep working. The parts of a key are joined by underscores. There are gauges, counters, and summaries of
// samples, with the quantiles 0.5, 0.9 and 0.99 over ten seconds. [WithHistogram] exposes samples as
// histograms instead, which can be aggregated across instances. [WithGauges], [WithCounters] and
// [WithSamples] accept the definitions that programs have for the other sink. By default, the other sink
// forgets series that have not been updated for a minute. This sink keeps them; see [WithExpiry].
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
// In the names of metrics, each character other than ASCII letters, digits, underscores and colons becomes
// an underscore. In the names of labels, colons do, too. Keys and labels that become equal in this way are
// the same. The order of labels does not matter. A label with an empty value is left out. If several labels
// have the same name, the last one counts. The same key may be used with different label names.
//
// A counter, a gauge and a sample may have the same key. The first one that is updated or defined gets the
// name. The others get a name with their kind appended, such as requests_gauge. The same applies to names
// that the exposition of another metric uses: for example, a counter called requests_count collides with
// samples called requests. The sink reports renamed metrics. Which metric comes first may differ each time
// the program starts, so define one of them. [WithTotal] avoids most collisions: it appends _total to the
// names of counters.
//
// # Bounds
//
// Each metric has at most 10,000 series for each set of label names. Updates of further series count for
// the metric's overflow series; see [WithLimit]. A sink has at most 10,000 metrics. A metric with several
// sets of label names counts once for each; see [WithMetricLimit]. [WithExpiry] removes series that are no
// longer updated, by the rules of [metric.MetricVec.SetExpiry]: no update is lost, and a counter that
// returns looks like a counter reset to Prometheus.
//
// # Mistakes
//
// A counter ignores changes by a negative number, NaN or an infinity, and samples of NaN and infinities are
// left out, because they would make the metric useless forever. The sink counts such updates by reason in
// gometrics_dropped_updates_total. It also counts updates that are left out because of the limit of metrics
// or an impossible name. It logs them at most once a minute for each reason, or passes them to the function
// given to [OnError].
//
// # Performance
//
// Updates with known keys and labels take no locks and do not allocate memory, because the sink remembers
// which series belongs to which key and labels. Once a minute, it forgets all of them, so that the garbage
// collector can free the memory of expired series.
package gometrics
