package analyzer_test

import (
	"slices"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/luxfi/metric/cmd/metricvet/analyzer"
)

// checked maps each package in testdata/src that has expectations to its analyzer.
var checked = map[string]*analysis.Analyzer{
	"labels": analyzer.Labels, "shared": analyzer.Labels, "across": analyzer.Labels,
	"names":       analyzer.Names,
	"hot":         analyzer.Hot,
	"cardinality": analyzer.Cardinality,
	"register":    analyzer.Register,
	"values":      analyzer.Values,
}

// TestFindings compares the analyzers' reports with the comments in testdata/src.
func TestFindings(t *testing.T) {
	var packages []string
	for name := range checked {
		packages = append(packages, name)
	}
	slices.Sort(packages)
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), chosen(), append(packages, "weird")...)
}

// chosen returns an analyzer that runs the analyzer in checked for the packages there, and all analyzers
// for other packages. A single run for all packages loads their imports only once.
func chosen() *analysis.Analyzer {
	a := &analysis.Analyzer{Name: "chosen", Doc: "run the analyzer of each package"}
	for _, of := range analyzer.All() {
		for _, r := range of.Requires {
			if !slices.Contains(a.Requires, r) {
				a.Requires = append(a.Requires, r)
			}
		}
	}
	a.Run = func(pass *analysis.Pass) (any, error) {
		list := analyzer.All()
		if one := checked[pass.Pkg.Path()]; one != nil {
			list = []*analysis.Analyzer{one}
		}
		for _, of := range list {
			p := *pass
			p.Analyzer = of
			if _, err := of.Run(&p); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	return a
}

// TestValid checks that the analyzers meet the requirements of drivers.
func TestValid(t *testing.T) {
	if err := analysis.Validate(analyzer.All()); err != nil {
		t.Error(err)
	}
	for _, a := range analyzer.All() {
		if a.URL == "" || a.Flags.Lookup("tests") == nil {
			t.Errorf("%s has no URL or no flag -tests", a.Name)
		}
	}
}
