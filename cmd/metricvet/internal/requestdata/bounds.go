package requestdata

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// bounded reports whether the function around a call checks the value first: whether it compares the value
// with other values, switches on it, looks it up, or passes it to a function that validates it.
func (c *checker) bounded(call inspector.Cursor, s *source, vars []*types.Var) bool {
	limit := call.Node().Pos()
	var same func(ast.Expr) bool
	same = func(e ast.Expr) bool {
		e = ast.Unparen(e)
		if conversion, ok := e.(*ast.CallExpr); ok && len(conversion.Args) == 1 && types.ExprString(e) != types.ExprString(s.expr) {
			return same(conversion.Args[0])
		}
		if v := c.flow.VarOf(e); v != nil && !v.IsField() && slices.Contains(vars, v) {
			return true
		}
		return types.ExprString(e) == types.ExprString(s.expr)
	}
	found := false
	outer := outermost(call)
	if outer == nil {
		return false
	}
	ast.Inspect(outer, func(n ast.Node) bool {
		if n == nil || found || n.Pos() >= limit {
			return false
		}
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				found = same(n.X) && c.isValue(n.Y) || same(n.Y) && c.isValue(n.X)
			}
		case *ast.SwitchStmt:
			found = n.Tag != nil && same(n.Tag)
		case *ast.IndexExpr:
			found = c.isMap(n.X) && same(n.Index)
		case *ast.CallExpr:
			found = c.decides(n) && slices.ContainsFunc(n.Args, same)
		}
		return true
	})
	return found
}

// outermost returns the declaration around cur.
func outermost(cur inspector.Cursor) ast.Node {
	for outer := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.GenDecl)(nil)) {
		if _, ok := outer.Parent().Node().(*ast.File); ok {
			return outer.Node()
		}
	}
	return nil
}

// isValue reports whether a comparison with e bounds the other side. nil and the empty string do not.
func (c *checker) isValue(e ast.Expr) bool {
	tv := c.info.Types[e]
	if tv.IsNil() {
		return false
	}
	return tv.Value == nil || tv.Value.Kind() != constant.String || constant.StringVal(tv.Value) != ""
}

func (c *checker) isMap(e ast.Expr) bool {
	t := c.info.TypeOf(e)
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// decides reports whether a call returns a bool or an error about its arguments. Checks of prefixes and
// the like do not bound a string, and neither does promhttp.SetRoute.
func (c *checker) decides(call *ast.CallExpr) bool {
	if library.Callee(c.info, call) != nil {
		return false
	}
	f, ok := typeutil.Callee(c.info, call).(*types.Func)
	if ok {
		switch f.FullName() {
		case "strings.HasPrefix", "strings.HasSuffix", "strings.Contains", "strings.ContainsAny", "strings.ContainsRune":
			return false
		}
	}
	sig, ok := c.info.TypeOf(call.Fun).(*types.Signature)
	if !ok || sig.Results().Len() == 0 {
		return false
	}
	last := sig.Results().At(sig.Results().Len() - 1).Type()
	basic, ok := last.Underlying().(*types.Basic)
	return ok && basic.Kind() == types.Bool
}
