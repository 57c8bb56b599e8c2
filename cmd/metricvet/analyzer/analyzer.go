// Package analyzer provides the analyzers of metricvet for other drivers, such as a multichecker or a
// plugin of golangci-lint.
//
// They check programs that use github.com/luxfi/metric or client_golang, and report nothing about other
// programs. Each has a flag -tests, which makes it check _test.go files, too.
package analyzer

import (
	"golang.org/x/tools/go/analysis"

	"github.com/luxfi/metric/cmd/metricvet/internal/hot"
	"github.com/luxfi/metric/cmd/metricvet/internal/labels"
	"github.com/luxfi/metric/cmd/metricvet/internal/misuse"
	"github.com/luxfi/metric/cmd/metricvet/internal/names"
	"github.com/luxfi/metric/cmd/metricvet/internal/register"
	"github.com/luxfi/metric/cmd/metricvet/internal/requestdata"
)

var (
	// Labels reports label values that do not fit the labels of their metric.
	Labels = labels.Analyzer
	// Hot reports metrics that are made for each request or scrape, or in loops.
	Hot = hot.Analyzer
	// Cardinality reports unbounded label values, such as the paths of requests.
	Cardinality = requestdata.Analyzer
	// Names reports names without units or _total, and metrics without help.
	Names = names.Analyzer
	// Register reports registrations whose error is ignored.
	Register = register.Analyzer
	// Values reports times that are measured too early, units that do not match the metric's name, and
	// counters that are decreased.
	Values = misuse.Analyzer
)

// All returns all analyzers.
func All() []*analysis.Analyzer {
	return []*analysis.Analyzer{Labels, Hot, Cardinality, Names, Register, Values}
}
