// Package validations contains the checks of package promlint. It re-exports client_golang's package under
// the import path of this module. Each check returns the problems of a family.
package validations

import (
	"github.com/prometheus/client_golang/prometheus/testutil/promlint/validations"

	"github.com/luxfi/metric"
)

// LintHelp reports a family without help.
func LintHelp(mf *metric.MetricFamily) []error { return validations.LintHelp(mf) }

// LintMetricUnits reports units in the name that are not base units.
func LintMetricUnits(mf *metric.MetricFamily) []error { return validations.LintMetricUnits(mf) }

// LintUnitAbbreviations reports abbreviated units in the name.
func LintUnitAbbreviations(mf *metric.MetricFamily) []error {
	return validations.LintUnitAbbreviations(mf)
}

// LintMetricTypeInName reports a name that contains the type.
func LintMetricTypeInName(mf *metric.MetricFamily) []error {
	return validations.LintMetricTypeInName(mf)
}

// LintReservedChars reports a colon in the name, which is reserved for recording rules.
func LintReservedChars(mf *metric.MetricFamily) []error { return validations.LintReservedChars(mf) }

// LintCamelCase reports a name or a label in camelCase.
func LintCamelCase(mf *metric.MetricFamily) []error { return validations.LintCamelCase(mf) }

// LintCounter reports a counter without the suffix _total, and other types with it.
func LintCounter(mf *metric.MetricFamily) []error { return validations.LintCounter(mf) }

// LintHistogramSummaryReserved reports names and labels that are reserved for histograms and summaries.
func LintHistogramSummaryReserved(mf *metric.MetricFamily) []error {
	return validations.LintHistogramSummaryReserved(mf)
}

// LintDuplicateMetric reports duplicate series.
func LintDuplicateMetric(mf *metric.MetricFamily) []error { return validations.LintDuplicateMetric(mf) }
