package hot

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// checkLoop reports a metric that a loop registers under the same name each time.
func (c *checker) checkLoop(cur inspector.Cursor, made *library.Constructor, f *function) {
	call := cur.Node().(*ast.CallExpr)
	if f.registry || made.Registration == library.Reused || c.shapes.Made(made).Name == "" {
		return
	}
	for outer := range cur.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		var body *ast.BlockStmt
		switch n := outer.Node().(type) {
		case *ast.ForStmt:
			body = n.Body
		case *ast.RangeStmt:
			body = n.Body
		default:
			return
		}
		if made.Registration == library.Unregistered && !c.registers(outer.Node(), body) || leaves(body) {
			continue
		}
		if !within(body, call) || c.depends(call, outer.Node()) {
			return
		}
		c.At(call, "loop", "%s is made in a loop under the same name each time: the second one cannot be registered; "+
			"make it before the loop, with a label for what differs", c.shapes.Made(made).Title())
		return
	}
}

// depends reports whether a constructor call, or its receiver, uses a variable that is declared in the
// loop.
func (c *checker) depends(call *ast.CallExpr, loop ast.Node) bool {
	found := false
	ast.Inspect(call, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // The function is called during scrapes and does not change the name.
		case *ast.Ident:
			v, ok := c.info.ObjectOf(n).(*types.Var)
			if ok && !v.IsField() && loop.Pos() <= v.Pos() && v.Pos() < loop.End() {
				found = true
			}
		case *ast.CallExpr:
			if n != call && !c.info.Types[n.Fun].IsType() && c.info.Types[n].Value == nil {
				found = found || !isNamePart(c.info, n) // The call may return something else each time.
			}
		}
		return true
	})
	return found
}

// isNamePart reports whether a call returns the same value in each iteration.
func isNamePart(info *types.Info, call *ast.CallExpr) bool {
	f := library.Callee(info, call)
	if f == nil {
		return false
	}
	switch f.Name() {
	case "BuildFQName", "LinearBuckets", "ExponentialBuckets", "ExponentialBucketsRange", "UnconstrainedLabels":
		return true
	}
	return false
}

// registers reports whether the body of a loop registers anything. As far as the code shows, the registerer
// is always the same one.
func (c *checker) registers(loop ast.Node, body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			f := library.Callee(c.info, n)
			if f != nil && (f.Name() == "MustRegister" || f.Name() == "Register") && !c.depends(&ast.CallExpr{Fun: n.Fun}, loop) {
				found = true
			}
		}
		return true
	})
	return found
}

// leaves reports whether the body of a loop exits the loop, so that it may run only once.
func leaves(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			found = true
		case *ast.BranchStmt:
			found = found || n.Tok.String() != "continue"
		}
		return true
	})
	return found
}

func within(outer, inner ast.Node) bool {
	return outer.Pos() <= inner.Pos() && inner.End() <= outer.End()
}
