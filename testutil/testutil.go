// Package testutil helps to test code with metrics: client_golang's package of that name,
// under the import path of this module. Its functions take instruments, collectors and
// registries of this module like any others. For collectors that misbehave on purpose,
// see package metrictest.
package testutil

import (
	"io"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/luxfi/metric"
	"github.com/luxfi/metric/testutil/promlint"
)

// ToFloat64 returns the value of a collector of exactly one counter, gauge or untyped
// metric. It panics if c is anything else.
func ToFloat64(c metric.Collector) float64 { return testutil.ToFloat64(c) }

// CollectAndCount returns how many metrics c collects, of these families or of all. It
// panics if c cannot be collected from.
func CollectAndCount(c metric.Collector, metricNames ...string) int {
	return testutil.CollectAndCount(c, metricNames...)
}

// GatherAndCount returns how many metrics g gathers, of these families or of all.
func GatherAndCount(g metric.Gatherer, metricNames ...string) (int, error) {
	return testutil.GatherAndCount(g, metricNames...)
}

// CollectAndCompare compares what c collects, of these families or of all, with an
// exposition in the text format. The error shows how they differ.
func CollectAndCompare(c metric.Collector, expected io.Reader, metricNames ...string) error {
	return testutil.CollectAndCompare(c, expected, metricNames...)
}

// GatherAndCompare is CollectAndCompare for a gatherer.
func GatherAndCompare(g metric.Gatherer, expected io.Reader, metricNames ...string) error {
	return testutil.GatherAndCompare(g, expected, metricNames...)
}

// TransactionalGatherAndCompare is CollectAndCompare for a transactional gatherer.
func TransactionalGatherAndCompare(g metric.TransactionalGatherer, expected io.Reader, metricNames ...string) error {
	return testutil.TransactionalGatherAndCompare(g, expected, metricNames...)
}

// ScrapeAndCompare is CollectAndCompare for what an exporter serves under a URL.
func ScrapeAndCompare(url string, expected io.Reader, metricNames ...string) error {
	return testutil.ScrapeAndCompare(url, expected, metricNames...)
}

// CollectAndFormat returns what c collects, of these families or of all, in a format.
func CollectAndFormat(c metric.Collector, format expfmt.FormatType, metricNames ...string) ([]byte, error) {
	return testutil.CollectAndFormat(c, format, metricNames...)
}

// GatherAndFormat is CollectAndFormat for a gatherer.
func GatherAndFormat(g metric.Gatherer, format expfmt.FormatType, metricNames ...string) ([]byte, error) {
	return testutil.GatherAndFormat(g, format, metricNames...)
}

// CollectAndLint returns what the linter finds in the families of c, these or all.
func CollectAndLint(c metric.Collector, metricNames ...string) ([]promlint.Problem, error) {
	return testutil.CollectAndLint(c, metricNames...)
}

// GatherAndLint is CollectAndLint for a gatherer.
func GatherAndLint(g metric.Gatherer, metricNames ...string) ([]promlint.Problem, error) {
	return testutil.GatherAndLint(g, metricNames...)
}
