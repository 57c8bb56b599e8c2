// Package names provides the analyzer that checks the names and the help of metrics.
package names

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
	"github.com/luxfi/metric/cmd/metricvet/internal/report"
	"github.com/luxfi/metric/cmd/metricvet/internal/shape"
)

// Analyzer reports names that violate Prometheus's conventions, and missing help.
var Analyzer = report.AddFlags(&analysis.Analyzer{
	Name: "metricnames",
	Doc: `check the names, the units and the help of metrics

The analyzer reports names of counters that do not end in _total and other names that do, units that are missing,
abbreviated, or not base units, names in camelCase or with reserved suffixes, and metrics without help. It
agrees with promlint, which lints what a running program exposes.`,
	URL:      "https://github.com/luxfi/metric/blob/main/docs/vet.md#metricnames",
	Requires: []*analysis.Analyzer{inspect.Analyzer, shape.Analyzer},
	Run:      run,
})

type checker struct {
	*report.Reporter
	info   *types.Info
	shapes *shape.Resolver
}

func run(pass *analysis.Pass) (any, error) {
	if !library.Reached(pass.Pkg) {
		return nil, nil
	}
	c := &checker{report.New(pass), pass.TypesInfo, pass.ResultOf[shape.Analyzer].(*shape.Resolver)}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	in.Preorder([]ast.Node{(*ast.CallExpr)(nil)}, func(n ast.Node) {
		call := n.(*ast.CallExpr)
		if made := library.ConstructorOf(c.info, call); made != nil {
			c.checkConstructor(call, made)
		} else {
			c.checkConst(call)
		}
	})
	return nil, nil
}

func (c *checker) checkConstructor(call *ast.CallExpr, made *library.Constructor) {
	s := c.shapes.Made(made)
	if s.Name == "" {
		return
	}
	where := ast.Node(call)
	help, known := made.Help, made.Help != nil && made.Kind != library.Desc // Empty descriptors are placeholders.
	if made.Name != nil {
		where = made.Name
	}
	if made.Opts != nil {
		o := c.shapes.OptionsOf(made.Opts)
		if o == nil {
			return
		}
		help, known = o.Help, true
		where = o.Name
	}
	if known && c.empty(help) {
		c.At(where, "help", "%s has no help", s.Name)
	}
	for _, p := range problems(made.Kind, s.Name) {
		c.At(where, p.category, "%s: %s", s.Name, p.text)
	}
	for _, label := range s.Labels {
		if camelCase.MatchString(label) {
			c.At(where, "case", "%s: the label %s should be written in snake_case", s.Name, label)
		}
	}
}

// empty reports whether a string is missing or is the empty constant.
func (c *checker) empty(e ast.Expr) bool {
	if e == nil {
		return true
	}
	text, ok := c.shapes.String(e)
	return ok && text == ""
}

// checkConst checks the name in a descriptor against the type of a constant metric.
func (c *checker) checkConst(call *ast.CallExpr) {
	f := library.Callee(c.info, call)
	if f == nil {
		return
	}
	desc, _, ok := library.DescOf(f, call)
	if !ok {
		return
	}
	kind := c.kindOf(f, call)
	if kind == "" {
		return
	}
	s := c.shapes.Of(desc)
	if s == nil || s.Name == "" || s.Kind != library.Desc {
		return
	}
	for _, p := range problems(kind, s.Name) {
		if p.category == "total" {
			c.At(desc, p.category, "%s: %s", s.Name, p.text)
		}
	}
}

// kindOf returns the type of the metric that a call with a descriptor makes, if it is known.
func (c *checker) kindOf(f *types.Func, call *ast.CallExpr) library.Kind {
	if library.RecvName(f) == "Sink" {
		switch f.Name() {
		case "Counter", "Gauge":
			return library.Kind(f.Name())
		}
		return ""
	}
	if len(call.Args) < 2 {
		return ""
	}
	var id *ast.Ident
	switch e := ast.Unparen(call.Args[1]).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	default:
		return ""
	}
	if _, ok := c.info.ObjectOf(id).(*types.Const); !ok {
		return ""
	}
	switch id.Name {
	case "CounterValue":
		return library.Counter
	case "GaugeValue":
		return library.Gauge
	}
	return ""
}
