// Package misuse provides the analyzer that finds wrong values: times that are measured too early, units
// that do not match the metric's name, and counters that are decreased.
package misuse

import (
	"go/ast"
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/luxfi/metric/cmd/metricvet/internal/flow"
	"github.com/luxfi/metric/cmd/metricvet/internal/library"
	"github.com/luxfi/metric/cmd/metricvet/internal/report"
	"github.com/luxfi/metric/cmd/metricvet/internal/shape"
)

// Analyzer reports values that are certainly wrong.
var Analyzer = report.AddFlags(&analysis.Analyzer{
	Name: "metricvalues",
	Doc: `check for values that cannot be meant

The analyzer reports deferred calls such as defer h.Observe(time.Since(start).Seconds()), whose
argument is evaluated at once; timers that are started in a defer statement, or stopped as soon as
they have started; durations in milliseconds or nanoseconds that are recorded in a metric whose name ends in
_seconds; and counters that are decreased.`,
	URL:      "https://github.com/luxfi/metric/blob/main/docs/vet.md#metricvalues",
	Requires: []*analysis.Analyzer{inspect.Analyzer, flow.Analyzer, shape.Analyzer},
	Run:      run,
})

type checker struct {
	*report.Reporter
	pass   *analysis.Pass
	info   *types.Info
	shapes *shape.Resolver
	flow   *flow.Flow
}

func run(pass *analysis.Pass) (any, error) {
	if !library.Reached(pass.Pkg) {
		return nil, nil
	}
	c := &checker{report.New(pass), pass, pass.TypesInfo, pass.ResultOf[shape.Analyzer].(*shape.Resolver), pass.ResultOf[flow.Analyzer].(*flow.Flow)}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	in.Preorder([]ast.Node{(*ast.DeferStmt)(nil), (*ast.ExprStmt)(nil), (*ast.CallExpr)(nil)}, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.DeferStmt:
			c.checkDefer(n)
		case *ast.ExprStmt:
			c.checkTimer(n)
		case *ast.CallExpr:
			c.checkValue(n)
		}
	})
	return nil, nil
}

// records reports whether call passes one value to an instrument.
func (c *checker) records(call *ast.CallExpr) bool {
	f := library.Callee(c.info, call)
	if f == nil || f.Signature().Recv() == nil || len(call.Args) == 0 {
		return false
	}
	return slices.Contains([]string{"Observe", "ObserveWithExemplar", "Set", "Add", "Sub", "AddWithExemplar"}, f.Name())
}

func (c *checker) checkDefer(n *ast.DeferStmt) {
	if library.IsFunc(library.Callee(c.info, n.Call), "NewTimer") {
		c.At(n, "timer", "the timer starts when the function returns; write defer NewTimer(…).ObserveDuration()")
		return
	}
	if !c.records(n.Call) || !c.measures(n.Call.Args[0]) {
		return
	}
	fix := analysis.SuggestedFix{
		Message: "Measure the time when the function returns",
		TextEdits: []analysis.TextEdit{
			{Pos: n.Call.Pos(), End: n.Call.Pos(), NewText: []byte("func() { ")},
			{Pos: n.Call.End(), End: n.Call.End(), NewText: []byte(" }()")},
		},
	}
	c.Fix(n, "defer", []analysis.SuggestedFix{fix},
		"the time is measured by the defer statement, not when the function returns; defer a function that measures it")
}

// measures reports whether the value of e depends on the current time.
func (c *checker) measures(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if f, ok := typeutil.Callee(c.info, n).(*types.Func); ok && f.FullName() == "time.Since" {
				found = true
			}
		}
		return true
	})
	return found
}

// checkTimer reports NewTimer(…).ObserveDuration() as a statement.
func (c *checker) checkTimer(n *ast.ExprStmt) {
	call, ok := ast.Unparen(n.X).(*ast.CallExpr)
	if !ok {
		return
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || !strings.HasPrefix(sel.Sel.Name, "ObserveDuration") {
		return
	}
	if timer, ok := ast.Unparen(sel.X).(*ast.CallExpr); ok && library.IsFunc(library.Callee(c.info, timer), "NewTimer") {
		c.At(n, "timer", "the timer stops as soon as it has started; put defer before the call")
	}
}

func (c *checker) checkValue(call *ast.CallExpr) {
	if !c.records(call) {
		return
	}
	value := ast.Unparen(call.Args[0])
	f := library.Callee(c.info, call)
	if strings.HasPrefix(f.Name(), "Add") && c.negative(value) && c.onCounter(call) {
		c.At(call, "decrease", "a counter cannot be decreased: %s panics; use a gauge", f.Name())
		return
	}
	c.checkUnit(call, value)
}

func (c *checker) negative(e ast.Expr) bool {
	v := c.info.Types[e].Value
	return v != nil && (v.Kind() == constant.Int || v.Kind() == constant.Float) && constant.Sign(v) < 0
}

// onCounter reports whether call calls a method of a counter.
func (c *checker) onCounter(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && library.IsCounter(c.info.TypeOf(sel.X))
}

// checkUnit compares the unit of a duration with the unit in the metric's name.
func (c *checker) checkUnit(call *ast.CallExpr, value ast.Expr) {
	unit, duration := c.unit(value)
	if unit == "" {
		return
	}
	s := c.shapes.Receiver(call)
	if s == nil {
		return
	}
	name := strings.TrimSuffix(s.Name, "_total")
	want := name[strings.LastIndexByte(name, '_')+1:]
	if want == unit || !slices.Contains([]string{"seconds", "milliseconds", "microseconds", "nanoseconds"}, want) {
		return
	}
	var fixes []analysis.SuggestedFix
	if want == "seconds" {
		x := ast.Unparen(duration)
		edits := []analysis.TextEdit{
			{Pos: value.Pos(), End: x.Pos()},
			{Pos: x.End(), End: value.End(), NewText: []byte(".Seconds()")},
		}
		switch x.(type) {
		case *ast.Ident, *ast.CallExpr, *ast.SelectorExpr:
			fixes = []analysis.SuggestedFix{{Message: "Record seconds", TextEdits: edits}}
		}
	}
	c.Fix(value, "unit", fixes, "%s gets %s", s.Name, unit)
}

// unit returns the unit in which value expresses a duration, and the duration. It returns the empty
// string if value is anything else.
func (c *checker) unit(value ast.Expr) (string, ast.Expr) {
	for {
		call, ok := ast.Unparen(value).(*ast.CallExpr)
		if !ok {
			return "", nil
		}
		if c.info.Types[call.Fun].IsType() && len(call.Args) == 1 {
			value = call.Args[0]
			if c.isDuration(value) && c.elapsed(ast.Unparen(value)) {
				return "nanoseconds", value
			}
			continue
		}
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok || len(call.Args) > 0 || !c.isDuration(sel.X) {
			return "", nil
		}
		switch sel.Sel.Name {
		case "Seconds", "Milliseconds", "Microseconds", "Nanoseconds":
			return strings.ToLower(sel.Sel.Name), sel.X
		}
		return "", nil
	}
}

func (c *checker) isDuration(e ast.Expr) bool {
	t := c.info.TypeOf(e)
	if t == nil {
		return false
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != "time" || named.Obj().Name() != "Duration" {
		return false
	}
	return true
}

// elapsed reports whether e is the result of time.Since or Sub. Other durations may be plain numbers, as
// in d / time.Millisecond.
func (c *checker) elapsed(e ast.Expr) bool {
	if v := c.flow.VarOf(e); v != nil {
		e = c.flow.Only(v)
	}
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := typeutil.Callee(c.info, call).(*types.Func)
	return ok && slices.Contains([]string{"time.Since", "time.Until", "(time.Time).Sub"}, f.FullName())
}
