// Package labels provides the analyzer that compares label values with the labels of their metric.
package labels

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
	"github.com/luxfi/metric/cmd/metricvet/internal/report"
	"github.com/luxfi/metric/cmd/metricvet/internal/shape"
)

// Analyzer reports label values that do not match the labels of a vector or a descriptor.
var Analyzer = report.AddFlags(&analysis.Analyzer{
	Name: "metriclabels",
	Doc: `check the number and the names of labels

The analyzer reports calls of WithLabelValues and its siblings with another number of values than
the vector has labels, calls of With and CurryWith with missing or unknown names, constant metrics
with another number of values than their descriptor has labels, and lists of labels with
duplicate, reserved or invalid names. All of them panic, or return an error, when the program runs.`,
	URL:      "https://github.com/luxfi/metric/blob/main/docs/vet.md#metriclabels",
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
	in.Preorder([]ast.Node{(*ast.CallExpr)(nil)}, func(n ast.Node) { c.check(n.(*ast.CallExpr)) })
	return nil, nil
}

func (c *checker) check(call *ast.CallExpr) {
	f := library.Callee(c.info, call)
	if f == nil {
		return
	}
	if made := library.ConstructorOf(c.info, call); made != nil {
		c.checkConstructor(call, made)
		return
	}
	if desc, first, ok := library.DescOf(f, call); ok {
		c.checkCount(call, f, c.shapes.Of(desc), first)
		return
	}
	if library.IsHTTPFunc(f, "Instrument") {
		c.checkMiddleware(call, f)
		return
	}
	if recv := f.Signature().Recv(); recv == nil || !library.IsVec(recv.Type()) {
		return
	}
	s := c.shapes.Receiver(call)
	if s == nil || !s.Known {
		return
	}
	switch f.Name() {
	case "WithLabelValues", "GetMetricWithLabelValues", "DeleteLabelValues":
		c.checkCount(call, f, s, 0)
	case "With", "GetMetricWith", "Delete":
		c.checkNames(call, f, s, true)
	case "CurryWith", "MustCurryWith", "DeletePartialMatch":
		c.checkNames(call, f, s, false)
	}
}

// consequence says what happens if f is called incorrectly.
func consequence(f *types.Func) string {
	switch name := f.Name(); {
	case strings.HasPrefix(name, "Delete"):
		return "deletes nothing"
	case strings.HasPrefix(name, "With") || strings.HasPrefix(name, "Must"):
		return "panics"
	default:
		return "returns an error"
	}
}

// checkCount compares the number of arguments, from the one at index first on, with the number of
// labels.
func (c *checker) checkCount(call *ast.CallExpr, f *types.Func, s *shape.Shape, first int) {
	if s == nil || !s.Known {
		return
	}
	n, ok := c.count(call, first)
	if !ok || n == len(s.Labels) {
		return
	}
	c.At(call, "count", "%s has %s, but %s gets %s: it %s",
		s.Title(), s.List(), f.Name(), plural(n, "value"), consequence(f))
}

// count returns the number of arguments from the one at index first on, and whether it is known.
func (c *checker) count(call *ast.CallExpr, first int) (int, bool) {
	if call.Ellipsis.IsValid() {
		list, ok := ast.Unparen(call.Args[len(call.Args)-1]).(*ast.CompositeLit)
		if !ok || len(call.Args) != first+1 {
			return 0, false
		}
		keyed := slices.ContainsFunc(list.Elts, func(e ast.Expr) bool { _, ok := e.(*ast.KeyValueExpr); return ok })
		return len(list.Elts), !keyed
	}
	if len(call.Args) == 1 {
		if results, ok := c.info.TypeOf(call.Args[0]).(*types.Tuple); ok {
			return results.Len() - first, true
		}
	}
	return len(call.Args) - first, true
}

// checkNames compares the names in a map literal with the labels. Some labels may be missing unless all
// are wanted.
func (c *checker) checkNames(call *ast.CallExpr, f *types.Func, s *shape.Shape, all bool) {
	if len(call.Args) != 1 {
		return
	}
	names, ok := c.shapes.Keys(call.Args[0])
	if !ok {
		return
	}
	for _, name := range names {
		switch {
		case slices.Contains(s.Labels, name):
		case slices.Contains(s.Fixed, name):
			c.At(call, "names", "label %s of %s is curried already: %s %s", name, s.Title(), f.Name(), consequence(f))
			return
		default:
			c.At(call, "names", "%s has %s, and none is %q: %s %s", s.Title(), s.List(), name, f.Name(), consequence(f))
			return
		}
	}
	for _, name := range s.Labels {
		if all && !slices.Contains(names, name) {
			c.At(call, "names", "%s has %s, but %s gets no %s: it %s", s.Title(), s.List(), f.Name(), name, consequence(f))
			return
		}
	}
}

// checkMiddleware checks the vectors passed to promhttp's instrumentation, which sets only two labels.
func (c *checker) checkMiddleware(call *ast.CallExpr, f *types.Func) {
	params := f.Signature().Params()
	if !f.Signature().Variadic() || len(call.Args) >= params.Len() {
		return // Options can add labels.
	}
	for i, arg := range call.Args {
		if !library.IsVec(params.At(i).Type()) {
			continue
		}
		s := c.shapes.Of(arg)
		if s == nil || !s.Known {
			continue
		}
		for _, name := range s.Labels {
			if name != "code" && name != "method" {
				c.At(arg, "middleware", "%s has the label %s, but %s sets only code and method: it panics", s.Title(), name, f.Name())
			}
		}
	}
}
