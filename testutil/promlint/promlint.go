// Package promlint checks names, types and help of metrics: client_golang's linter,
// under the import path of this module.
package promlint

import (
	"io"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/luxfi/metric"
)

type (
	// Linter checks metrics.
	Linter = promlint.Linter
	// Problem is what a Linter has found about a metric.
	Problem = promlint.Problem
	// Validation is a check of one's own; see Linter.AddCustomValidations.
	Validation = promlint.Validation
)

// New returns a linter for an exposition in the text format.
func New(r io.Reader) *Linter { return promlint.New(r) }

// NewWithMetricFamilies returns a linter for gathered families.
func NewWithMetricFamilies(families []*metric.MetricFamily) *Linter {
	return promlint.NewWithMetricFamilies(families)
}
