// Package testutil helps to test code with metrics. It re-exports client_golang's package of the same name
// under the import path of this module. Its functions accept instruments, collectors and registries of this
// module. For collectors that misbehave on purpose, see package metrictest.
package testutil

import (
	"io"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/testutil/promlint"
)

// ToFloat64 returns the value of a collector with exactly one counter, gauge or untyped metric. It panics
// if c is anything else.
func ToFloat64(c metric.Collector) float64 { return testutil.ToFloat64(c) }

// CollectAndCount returns the number of metrics that c collects, in the named families or, without names,
// in all. It panics if collecting from c fails.
func CollectAndCount(c metric.Collector, metricNames ...string) int {
	return testutil.CollectAndCount(c, metricNames...)
}

// GatherAndCount returns the number of metrics that g gathers, in the named families or, without names, in
// all.
func GatherAndCount(g metric.Gatherer, metricNames ...string) (int, error) {
	return testutil.GatherAndCount(g, metricNames...)
}

// CollectAndCompare compares the metrics that c collects, in the named families or, without names, in all,
// with an exposition in the text format. The error shows the differences.
func CollectAndCompare(c metric.Collector, expected io.Reader, metricNames ...string) error {
	return testutil.CollectAndCompare(c, expected, metricNames...)
}

// GatherAndCompare is like [CollectAndCompare], for a gatherer.
func GatherAndCompare(g metric.Gatherer, expected io.Reader, metricNames ...string) error {
	return testutil.GatherAndCompare(g, expected, metricNames...)
}

// TransactionalGatherAndCompare is like [CollectAndCompare], for a transactional gatherer.
func TransactionalGatherAndCompare(g metric.TransactionalGatherer, expected io.Reader, metricNames ...string) error {
	return testutil.TransactionalGatherAndCompare(g, expected, metricNames...)
}

// ScrapeAndCompare is like [CollectAndCompare], for the metrics that an exporter serves at a URL.
func ScrapeAndCompare(url string, expected io.Reader, metricNames ...string) error {
	return testutil.ScrapeAndCompare(url, expected, metricNames...)
}

// CollectAndFormat returns the metrics that c collects, in the named families or, without names, in all, in
// a format.
func CollectAndFormat(c metric.Collector, format expfmt.FormatType, metricNames ...string) ([]byte, error) {
	return testutil.CollectAndFormat(c, format, metricNames...)
}

// GatherAndFormat is like [CollectAndFormat], for a gatherer.
func GatherAndFormat(g metric.Gatherer, format expfmt.FormatType, metricNames ...string) ([]byte, error) {
	return testutil.GatherAndFormat(g, format, metricNames...)
}

// CollectAndLint returns the linter's problems with the named families of c or, without names, with all.
func CollectAndLint(c metric.Collector, metricNames ...string) ([]promlint.Problem, error) {
	return testutil.CollectAndLint(c, metricNames...)
}

// GatherAndLint is like [CollectAndLint], for a gatherer.
func GatherAndLint(g metric.Gatherer, metricNames ...string) ([]promlint.Problem, error) {
	return testutil.GatherAndLint(g, metricNames...)
}
