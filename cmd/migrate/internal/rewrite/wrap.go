package rewrite

import (
	"fmt"
	"go/ast"
	"go/types"
	"strconv"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/load"
)

// wrapExpr wraps an expression so that it has the wanted type: in a bridge, a conversion or a function
// literal.
func (f *fixer) wrapExpr(c *change, e ast.Expr, have, want types.Type) bool {
	edits, lines := c.mark()
	for _, way := range []func(*change, ast.Expr, types.Type, types.Type) bool{f.bridge, f.convert, f.literal} {
		if way(c, e, have, want) {
			return true
		}
		c.reset(edits, lines)
	}
	return false
}

// isNilPointer reports whether an expression is of the form (*T)(nil), which only names a type.
func isNilPointer(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	_, isPointer := ast.Unparen(call.Fun).(*ast.StarExpr)
	arg, isName := call.Args[0].(*ast.Ident)
	return isPointer && isName && arg.Name == "nil"
}

func (f *fixer) surround(c *change, e ast.Expr, before, after string) {
	file := f.round.Source(f.round.FileAt(e.Pos()))
	c.Insert(file, f.round.Offset(e.Pos()), before)
	c.Insert(file, f.round.Offset(e.End()), after)
}

// bridge wraps one of our vectors for a place that requires one of client_golang's.
func (f *fixer) bridge(c *change, e ast.Expr, have, want types.Type) bool {
	h, ok := types.Unalias(have).(*types.Pointer)
	w, alsoPointer := types.Unalias(want).(*types.Pointer)
	if !ok || !alsoPointer || c.noBridge || isNilPointer(e) {
		return false
	}
	their := f.libraries.counterpart(h.Elem())
	if their == nil || !types.Identical(their.Type(), w.Elem()) {
		return false
	}
	name := "Bridge" + their.Name()
	if _, ok := f.libraries.ours[""].Scope().Lookup(name).(*types.Func); !ok {
		return false
	}
	f.surround(c, e, f.qualifier(c, e.Pos(), load.Root)+name+"(", ")")
	f.say(c, e.Pos(), "bridged to client_golang's *%s", their.Name())
	return true
}

// convert converts a readable instrument to Counter or Gauge. It converts a value of one of our types, such
// as Gatherers, to client_golang's type if both have the same underlying type.
func (f *fixer) convert(c *change, e ast.Expr, have, want types.Type) bool {
	rel := f.libraries.relate(have, want)
	named, ok := types.Unalias(want).(*types.Named)
	if !ok || !rel.alike || rel.same() || rel.toOurs || rel.widen || !types.ConvertibleTo(have, want) {
		return false
	}
	text, ok := f.typeText(c, e.Pos(), want)
	if !ok {
		return false
	}
	f.surround(c, e, text+"(", ")")
	f.say(c, e.Pos(), "given the type %s", named.Obj().Name())
	return true
}

// literal wraps a function that returns a readable instrument in a function literal.
func (f *fixer) literal(c *change, e ast.Expr, have, want types.Type) bool {
	h, ok := have.Underlying().(*types.Signature)
	w, alsoFunc := want.Underlying().(*types.Signature)
	if !ok || !alsoFunc || h.Variadic() != w.Variadic() || h.TypeParams().Len() > 0 || w.Results().Len() == 0 ||
		!assignable(w.Params(), h.Params()) || !assignable(h.Results(), w.Results()) || !f.isSteady(e) {
		return false
	}
	params, args := make([]string, h.Params().Len()), make([]string, h.Params().Len())
	for i := range params {
		t := w.Params().At(i).Type()
		if types.Identical(t, h.Params().At(i).Type()) {
			t = h.Params().At(i).Type() // It may have the better name.
		}
		dots := ""
		if slice, ok := t.(*types.Slice); ok && h.Variadic() && i == len(params)-1 {
			t, dots = slice.Elem(), "..."
		}
		text, ok := f.typeText(c, e.Pos(), t)
		if !ok {
			return false
		}
		args[i] = paramName(h.Params().At(i), i, f.round.Text(e))
		params[i], args[i] = args[i]+" "+dots+text, args[i]+dots
	}
	results, ok := f.resultsText(c, e, w.Results())
	if !ok {
		return false
	}
	f.surround(c, e, fmt.Sprintf("func(%s) %s { return ", strings.Join(params, ", "), results), "("+strings.Join(args, ", ")+") }")
	f.say(c, e.Pos(), "put into a function literal that returns %s", strings.ReplaceAll(results, "prometheus.", ""))
	return true
}

// paramName returns a name for a parameter that the function's text does not use.
func paramName(v *types.Var, i int, fun string) string {
	name := v.Name()
	if name == "" || name == "_" {
		name = "arg" + strconv.Itoa(i)
	}
	for strings.Contains(fun, name) {
		name += "_"
	}
	return name
}

func (f *fixer) resultsText(c *change, e ast.Expr, results *types.Tuple) (string, bool) {
	var texts []string
	for v := range results.Variables() {
		text, ok := f.typeText(c, e.Pos(), v.Type())
		if !ok {
			return "", false
		}
		texts = append(texts, text)
	}
	if len(texts) == 1 {
		return texts[0], true
	}
	return "(" + strings.Join(texts, ", ") + ")", true
}

func assignable(from, to *types.Tuple) bool {
	if from.Len() != to.Len() {
		return false
	}
	for i := range from.Len() {
		if !types.AssignableTo(from.At(i).Type(), to.At(i).Type()) {
			return false
		}
	}
	return true
}

// isSteady reports whether a function expression can be evaluated at every call rather than once:
// nothing in it has side effects or a result that changes.
func (f *fixer) isSteady(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return true
	case *ast.ParenExpr:
		return f.isSteady(e.X)
	case *ast.SelectorExpr:
		return f.isSteady(e.X)
	case *ast.CallExpr:
		with, _ := f.callee(e.Fun) // promauto.With only keeps the registerer.
		return with != nil && isOurs(with.Pkg()) && with.Name() == "With" && len(e.Args) == 1 && f.isSteady(e.Args[0])
	}
	return false
}

// wrapResults wraps a call with several results in a function literal, so that one of them has another
// type.
func (f *fixer) wrapResults(c *change, call *ast.CallExpr, index int, want types.Type) bool {
	tuple, ok := f.typeOf(call).(*types.Tuple)
	if !ok || !types.AssignableTo(tuple.At(index).Type(), want) || hasControl(call) {
		return false
	}
	var vars []*types.Var
	for i := range tuple.Len() {
		t := tuple.At(i).Type()
		if i == index {
			t = want
		}
		vars = append(vars, types.NewParam(0, nil, "", t))
	}
	results, ok := f.resultsText(c, call, types.NewTuple(vars...))
	if !ok {
		return false
	}
	f.surround(c, call, "func() "+results+" { return ", " }()")
	f.say(c, call.Pos(), "put into a function literal that returns %s", strings.ReplaceAll(results, "prometheus.", ""))
	return true
}

// hasControl reports whether an expression has another meaning inside another function.
func hasControl(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "recover" {
			found = true
		}
		return !found
	})
	return found
}
