// Package register provides the analyzer that finds ignored errors of registrations.
package register

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
	"github.com/luxfi/metric/cmd/metricvet/internal/report"
)

// Analyzer reports registrations whose error is ignored.
var Analyzer = report.AddFlags(&analysis.Analyzer{
	Name: "metricregister",
	Doc: `check for ignored errors of registrations

A collector whose registration fails is missing in all scrapes. The analyzer reports calls of
Register, RegisterWith, ReplaceNamed and Exchange that drop the error, also in go and defer statements.
An assignment to the blank identifier is deliberate, and not reported.`,
	URL:      "https://github.com/luxfi/metric/blob/main/docs/vet.md#metricregister",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
})

func run(pass *analysis.Pass) (any, error) {
	if !library.Reached(pass.Pkg) {
		return nil, nil
	}
	r := report.New(pass)
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	statements := []ast.Node{(*ast.ExprStmt)(nil), (*ast.GoStmt)(nil), (*ast.DeferStmt)(nil)}
	in.Preorder(statements, func(n ast.Node) {
		var call *ast.CallExpr
		switch n := n.(type) {
		case *ast.ExprStmt:
			call, _ = ast.Unparen(n.X).(*ast.CallExpr)
		case *ast.GoStmt:
			call = n.Call
		case *ast.DeferStmt:
			call = n.Call
		}
		if call == nil {
			return
		}
		if f := library.Callee(pass.TypesInfo, call); f != nil && registers(f) {
			r.At(call, "ignored", "the error of %s is ignored: a collector that is refused is missing in all scrapes%s", f.Name(), instead(f))
		}
	})
	return nil, nil
}

// registers reports whether f registers something and returns an error.
func registers(f *types.Func) bool {
	switch f.Name() {
	case "Register", "RegisterWith", "ReplaceNamed", "Exchange":
	default:
		return false
	}
	results := f.Signature().Results()
	return results.Len() == 1 && types.Identical(results.At(0).Type(), types.Universe.Lookup("error").Type())
}

// instead returns the name of the corresponding function that panics, if it exists.
func instead(f *types.Func) string {
	recv := library.RecvName(f)
	if f.Name() == "ReplaceNamed" || f.Name() == "Exchange" || recv == "MultiGatherer" {
		return ""
	}
	return "; check it, or call Must" + f.Name()
}
