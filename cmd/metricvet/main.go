// Command metricvet checks how a program uses github.com/luxfi/metric or client_golang.
//
//	go install github.com/luxfi/metric/cmd/metricvet@latest
//	go vet -vettool=$(which metricvet) ./...
//
// It also runs by itself, without the cache of go vet, and can then apply fixes:
//
//	metricvet ./...
//	metricvet -fix ./...
//
// All checks run by default. To run only some of them, set the flags with their names. To leave one out,
// use -name=false. metricvet help lists the checks, and metricvet help name explains one. The page
// docs/vet.md has examples.
//
// A comment suppresses the findings on its line, on the next line if it stands alone, or in the whole
// file if it comes before the package clause. It must give a reason:
//
//	//metricvet:ignore the paths come from a fixed list
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/luxfi/metric/cmd/metricvet/analyzer"
)

func main() { multichecker.Main(analyzer.All()...) }
