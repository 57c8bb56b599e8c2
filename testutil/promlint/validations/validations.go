// Package validations has the checks that package promlint is made of: client_golang's,
// under the import path of this module. Each returns what it has found about a family.
package validations

import (
	"github.com/prometheus/client_golang/prometheus/testutil/promlint/validations"

	"github.com/luxfi/metric"
)

// LintHelp finds a family without help.
func LintHelp(mf *metric.MetricFamily) []error { return validations.LintHelp(mf) }

// LintMetricUnits finds units in the name that are not base units.
func LintMetricUnits(mf *metric.MetricFamily) []error { return validations.LintMetricUnits(mf) }

// LintUnitAbbreviations finds abbreviated units in the name.
func LintUnitAbbreviations(mf *metric.MetricFamily) []error {
	return validations.LintUnitAbbreviations(mf)
}

// LintMetricTypeInName finds a name that says the type.
func LintMetricTypeInName(mf *metric.MetricFamily) []error {
	return validations.LintMetricTypeInName(mf)
}

// LintReservedChars finds a colon in the name, which is for recording rules.
func LintReservedChars(mf *metric.MetricFamily) []error { return validations.LintReservedChars(mf) }

// LintCamelCase finds a name or a label in camelCase.
func LintCamelCase(mf *metric.MetricFamily) []error { return validations.LintCamelCase(mf) }

// LintCounter finds a counter without _total, and others with it.
func LintCounter(mf *metric.MetricFamily) []error { return validations.LintCounter(mf) }

// LintHistogramSummaryReserved finds names and labels that belong to histograms and
// summaries.
func LintHistogramSummaryReserved(mf *metric.MetricFamily) []error {
	return validations.LintHistogramSummaryReserved(mf)
}

// LintDuplicateMetric finds series that are there twice.
func LintDuplicateMetric(mf *metric.MetricFamily) []error { return validations.LintDuplicateMetric(mf) }
