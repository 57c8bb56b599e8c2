// Package requestdata provides the analyzer that finds unbounded label values.
package requestdata

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/luxfi/metric/cmd/metricvet/internal/flow"
	"github.com/luxfi/metric/cmd/metricvet/internal/library"
	"github.com/luxfi/metric/cmd/metricvet/internal/report"
)

// Analyzer reports label values that clients choose, or that never repeat.
var Analyzer = report.AddFlags(&analysis.Analyzer{
	Name: "metriccardinality",
	Doc: `check for label values without bounds

Each value of a label is a series that stays in memory. The analyzer reports label values that come
from the path, the query, the method, the headers or the address of a request, from the text of an
error, from the current time, and from identifiers of requests, users and the like. It follows local
variables, conversions and concatenations. A value that is compared or looked up before is taken to be bounded.`,
	URL:      "https://github.com/luxfi/metric/blob/main/docs/vet.md#metriccardinality",
	Requires: []*analysis.Analyzer{inspect.Analyzer, flow.Analyzer},
	Run:      run,
})

type checker struct {
	*report.Reporter
	info *types.Info
	flow *flow.Flow
}

func run(pass *analysis.Pass) (any, error) {
	if !library.Reached(pass.Pkg) {
		return nil, nil
	}
	c := &checker{report.New(pass), pass.TypesInfo, pass.ResultOf[flow.Analyzer].(*flow.Flow)}
	for cur := range pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root().Preorder((*ast.CallExpr)(nil), (*ast.KeyValueExpr)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.CallExpr:
			for _, value := range c.values(n) {
				c.check(cur, value)
			}
		case *ast.KeyValueExpr:
			if f := c.routeOption(cur, n); f != nil {
				c.checkResults(cur, f)
			}
		}
	}
	return nil, nil
}

// routeOption returns the function literal that promhttp.ServerOpts.Route is set to, or nil.
func (c *checker) routeOption(cur inspector.Cursor, option *ast.KeyValueExpr) *ast.FuncLit {
	key, ok := option.Key.(*ast.Ident)
	if !ok || key.Name != "Route" {
		return nil
	}
	lit, ok := cur.Parent().Node().(*ast.CompositeLit)
	if !ok || !library.IsHTTPType(c.info.TypeOf(lit), "ServerOpts") {
		return nil
	}
	f, _ := ast.Unparen(option.Value).(*ast.FuncLit)
	return f
}

// checkResults checks the results of the function f at a cursor.
func (c *checker) checkResults(cur inspector.Cursor, f *ast.FuncLit) {
	for ret := range cur.Preorder((*ast.ReturnStmt)(nil)) {
		for outer := range ret.Enclosing((*ast.FuncLit)(nil)) {
			if outer.Node() == f {
				for _, value := range ret.Node().(*ast.ReturnStmt).Results {
					c.check(ret, value)
				}
			}
			break // Only the innermost function returns.
		}
	}
}

// values returns the label values for which a call creates series.
func (c *checker) values(call *ast.CallExpr) []ast.Expr {
	f := library.Callee(c.info, call)
	if f == nil {
		return nil
	}
	if len(call.Args) == 2 && (library.IsHTTPFunc(f, "SetRoute") || library.IsHTTPFunc(f, "WithRoute")) {
		return call.Args[1:] // The route is a label of promhttp's own metrics.
	}
	if recv := f.Signature().Recv(); recv == nil || !library.IsVec(recv.Type()) {
		return nil
	}
	switch f.Name() {
	case "WithLabelValues", "GetMetricWithLabelValues":
		if call.Ellipsis.IsValid() {
			if lit, ok := ast.Unparen(call.Args[0]).(*ast.CompositeLit); ok {
				return lit.Elts
			}
			return nil
		}
		return call.Args
	case "With", "GetMetricWith", "CurryWith", "MustCurryWith":
		if len(call.Args) == 1 {
			return mapValues(c.literal(call.Args[0]))
		}
	}
	return nil
}

// literal returns the composite literal that e is or holds, or nil.
func (c *checker) literal(e ast.Expr) *ast.CompositeLit {
	e = ast.Unparen(e)
	if lit, ok := e.(*ast.CompositeLit); ok {
		return lit
	}
	if v := c.flow.VarOf(e); v != nil {
		lit, _ := c.flow.Only(v).(*ast.CompositeLit)
		return lit
	}
	return nil
}

// mapValues returns the values of a literal of labels. In a struct of typed labels, they are in the same
// places.
func mapValues(lit *ast.CompositeLit) (values []ast.Expr) {
	if lit == nil {
		return nil
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		values = append(values, e)
	}
	return values
}

func (c *checker) check(call inspector.Cursor, value ast.Expr) {
	t := &trace{checker: c, server: c.serves(call)}
	found := t.follow(value, 0)
	if found == nil || c.bounded(call, found, append(t.vars, c.flow.VarOf(found.expr))) {
		return
	}
	c.At(value, found.category, "this label value is %s: %s", found.what, found.advice)
}

// serves reports whether the code around a call handles a request, as opposed to making one.
func (c *checker) serves(call inspector.Cursor) bool {
	for outer := range call.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		var params *ast.FieldList
		switch n := outer.Node().(type) {
		case *ast.FuncDecl:
			params = n.Type.Params
		case *ast.FuncLit:
			params = n.Type.Params
		}
		for _, p := range params.List {
			if typeName(c.info.TypeOf(p.Type)) == "net/http.ResponseWriter" {
				return true
			}
		}
	}
	return false
}
