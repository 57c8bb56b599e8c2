// Package promlint checks the names, types and help of metrics. It re-exports client_golang's linter under
// the import path of this module.
package promlint

import (
	"io"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/luxfi/metric"
)

type (
	// Linter checks metrics.
	Linter = promlint.Linter
	// Problem is a problem that a [Linter] found in a metric.
	Problem = promlint.Problem
	// Validation is a custom check; see Linter.AddCustomValidations.
	Validation = promlint.Validation
)

// New returns a linter for an exposition in the text format.
func New(r io.Reader) *Linter { return promlint.New(r) }

// NewWithMetricFamilies returns a linter for gathered families.
func NewWithMetricFamilies(families []*metric.MetricFamily) *Linter {
	return promlint.NewWithMetricFamilies(families)
}
