package rewrite

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/luxfi/metric/cmd/migrate/internal/check"
)

// A use is a value at a place that requires a type: an argument, an assigned, returned or sent value, or
// an element of a literal.
type use struct {
	expr  ast.Expr // the value; if it is one of several results, the call
	index int      // index of the result, or -1
	have  types.Type
	want  types.Type

	// retarget makes the place require another type by changing declarations. It reports whether that
	// was possible. It may be nil.
	retarget func(c *change, t types.Type) bool
	call     *ast.CallExpr // the call whose argument the value is, or nil
}

// walker calls visit for the uses in a file whose types do not match.
type walker struct {
	fixer *fixer
	pkg   *check.Package
	visit func(use)
	funcs []*ast.FuncType // functions that enclose the node, innermost last
}

func (w *walker) file(f *ast.File) { ast.Inspect(f, w.node) }

func (w *walker) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		w.function(n.Type, n.Body)
		return false
	case *ast.FuncLit:
		w.function(n.Type, n.Body)
		return false
	case *ast.AssignStmt:
		w.assign(n)
	case *ast.ValueSpec:
		w.declare(n)
	case *ast.CallExpr:
		w.calls(n)
	case *ast.CompositeLit:
		w.literal(n)
	case *ast.ReturnStmt:
		w.returns(n)
	case *ast.SendStmt:
		if ch, ok := types.Unalias(w.under(n.Chan)).(*types.Chan); ok {
			w.value(n.Value, ch.Elem(), w.container(n.Chan, ch, func(t types.Type) types.Type { return types.NewChan(ch.Dir(), t) }), nil)
		}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			w.ranges(n)
		}
	}
	return true
}

func (w *walker) function(t *ast.FuncType, body *ast.BlockStmt) {
	if body == nil {
		return
	}
	w.funcs = append(w.funcs, t)
	ast.Inspect(body, w.node)
	w.funcs = w.funcs[:len(w.funcs)-1]
}

func (w *walker) typeOf(e ast.Expr) types.Type { return w.pkg.Info.TypeOf(e) }

func (w *walker) under(e ast.Expr) types.Type {
	if t := w.typeOf(e); t != nil {
		return t.Underlying()
	}
	return nil
}

// value checks a value.
func (w *walker) value(e ast.Expr, want types.Type, retarget func(*change, types.Type) bool, call *ast.CallExpr) {
	w.check(use{e, -1, w.typeOf(e), want, retarget, call})
}

func (w *walker) check(u use) {
	if !isValid(u.have) || !isValid(u.want) || types.AssignableTo(u.have, u.want) {
		return
	}
	u.want = written(u.have, u.want)
	w.visit(u)
}

// written returns the type that a value without a named type must have for a place that requires a named
// one. For example, a function or a slice is assignable to a named type.
func written(have, want types.Type) types.Type {
	if isNamed(have) || !isNamed(want) || types.IsInterface(want) {
		return want
	}
	return want.Underlying()
}

func isNamed(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.Named)
	return ok
}

func isValid(t types.Type) bool {
	if t == nil {
		return false
	}
	basic, ok := t.(*types.Basic)
	return !ok || basic.Kind() != types.Invalid && basic.Info()&types.IsUntyped == 0 && basic.Kind() != types.UntypedNil
}

// values checks several values, or the results of one call, at their places.
func (w *walker) values(values []ast.Expr, n int, want func(int) types.Type, retarget func(int) func(*change, types.Type) bool, call *ast.CallExpr) {
	if len(values) == 1 && n > 1 {
		tuple, ok := w.typeOf(values[0]).(*types.Tuple)
		if !ok || tuple.Len() != n {
			return
		}
		for i := range n {
			w.check(use{values[0], i, tuple.At(i).Type(), want(i), retarget(i), call})
		}
		return
	}
	for i, e := range values {
		if i < n {
			w.value(e, want(i), retarget(i), call)
		}
	}
}

func (w *walker) assign(n *ast.AssignStmt) {
	if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
		return
	}
	want := func(i int) types.Type {
		id, ok := n.Lhs[i].(*ast.Ident)
		if ok && (id.Name == "_" || w.pkg.Info.Defs[id] != nil) {
			return nil
		}
		return w.typeOf(n.Lhs[i])
	}
	w.values(n.Rhs, len(n.Lhs), want, func(i int) func(*change, types.Type) bool { return w.place(n.Lhs[i]) }, nil)
}

// place returns a function that changes the type of an assigned variable.
func (w *walker) place(e ast.Expr) func(*change, types.Type) bool {
	return func(c *change, t types.Type) bool { return w.fixer.retypeExpr(c, e, t) }
}

// container returns a function that changes the type of a container's elements.
func (w *walker) container(e ast.Expr, _ types.Type, with func(types.Type) types.Type) func(*change, types.Type) bool {
	return func(c *change, t types.Type) bool { return w.fixer.retypeExpr(c, e, with(t)) }
}

func (w *walker) declare(n *ast.ValueSpec) {
	if n.Type == nil {
		return
	}
	want := w.typeOf(n.Type)
	retarget := func(c *change, t types.Type) bool { return w.fixer.unify(c, n.Type, t) }
	w.values(n.Values, len(n.Names), func(int) types.Type { return want }, func(int) func(*change, types.Type) bool { return retarget }, nil)
}

func (w *walker) calls(n *ast.CallExpr) {
	fun, ok := w.pkg.Info.Types[n.Fun]
	if !ok {
		return
	}
	if fun.IsType() {
		if len(n.Args) == 1 && isValid(w.typeOf(n.Args[0])) && !types.ConvertibleTo(w.typeOf(n.Args[0]), fun.Type) {
			w.value(n.Args[0], fun.Type, func(c *change, t types.Type) bool { return w.fixer.unify(c, n.Fun, t) }, nil)
		}
		return
	}
	if fun.IsBuiltin() {
		w.builtin(n)
		return
	}
	sig, ok := fun.Type.Underlying().(*types.Signature)
	if !ok {
		return
	}
	params, count := sig.Params(), len(n.Args)
	if count == 1 {
		if tuple, ok := w.typeOf(n.Args[0]).(*types.Tuple); ok {
			count = tuple.Len()
		}
	}
	param := func(i int) (int, bool) { // the index, and whether an element of the variadic parameter is meant
		if sig.Variadic() && i >= params.Len()-1 {
			return params.Len() - 1, !n.Ellipsis.IsValid()
		}
		return i, false
	}
	want := func(i int) types.Type {
		j, element := param(i)
		if j >= params.Len() {
			return nil
		}
		t := params.At(j).Type()
		if slice, ok := t.Underlying().(*types.Slice); ok && element {
			return slice.Elem()
		}
		return t
	}
	retarget := func(i int) func(*change, types.Type) bool {
		j, element := param(i)
		return func(c *change, t types.Type) bool {
			if element {
				t = types.NewSlice(t)
			}
			return w.fixer.retypeParam(c, n.Fun, j, t)
		}
	}
	w.values(n.Args, count, want, retarget, n)
}

// builtin checks the arguments of append.
func (w *walker) builtin(n *ast.CallExpr) {
	id, ok := ast.Unparen(n.Fun).(*ast.Ident)
	if !ok || id.Name != "append" || len(n.Args) < 2 {
		return
	}
	slice, ok := w.under(n.Args[0]).(*types.Slice)
	if !ok {
		return
	}
	if n.Ellipsis.IsValid() {
		w.value(n.Args[1], slice, w.place(n.Args[0]), nil)
		return
	}
	for _, e := range n.Args[1:] {
		w.value(e, slice.Elem(), w.container(n.Args[0], slice, func(t types.Type) types.Type { return types.NewSlice(t) }), nil)
	}
}

func (w *walker) literal(n *ast.CompositeLit) {
	t := w.typeOf(n)
	if t == nil {
		return
	}
	under := t.Underlying()
	if p, ok := under.(*types.Pointer); ok { // Elements of literals may omit &T.
		under = p.Elem().Underlying()
	}
	element := func(with func(types.Type) types.Type) func(*change, types.Type) bool {
		return func(c *change, t types.Type) bool { return n.Type != nil && w.fixer.unify(c, n.Type, with(t)) }
	}
	for i, e := range n.Elts {
		key, value := ast.Expr(nil), e
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			key, value = kv.Key, kv.Value
		}
		switch under := under.(type) {
		case *types.Struct:
			w.field(under, i, key, value)
		case *types.Slice:
			w.value(value, under.Elem(), element(func(t types.Type) types.Type { return types.NewSlice(t) }), nil)
		case *types.Array:
			w.value(value, under.Elem(), element(func(t types.Type) types.Type { return types.NewArray(t, under.Len()) }), nil)
		case *types.Map:
			w.value(value, under.Elem(), element(func(t types.Type) types.Type { return types.NewMap(under.Key(), t) }), nil)
			if key != nil {
				w.value(key, under.Key(), element(func(t types.Type) types.Type { return types.NewMap(t, under.Elem()) }), nil)
			}
		}
	}
}

func (w *walker) field(s *types.Struct, i int, key, value ast.Expr) {
	var field *types.Var
	if id, ok := key.(*ast.Ident); ok {
		field, _ = w.pkg.Info.Uses[id].(*types.Var)
	} else if key == nil && i < s.NumFields() {
		field = s.Field(i)
	}
	if field != nil {
		w.value(value, field.Type(), func(c *change, t types.Type) bool { return w.fixer.retypeObject(c, field, t) }, nil)
	}
}

func (w *walker) returns(n *ast.ReturnStmt) {
	if len(w.funcs) == 0 || len(n.Results) == 0 {
		return
	}
	results := w.funcs[len(w.funcs)-1].Results
	var exprs []ast.Expr // the type of each result
	if results != nil {
		for _, field := range results.List {
			for range max(1, len(field.Names)) {
				exprs = append(exprs, field.Type)
			}
		}
	}
	w.values(n.Results, len(exprs), func(i int) types.Type { return w.typeOf(exprs[i]) }, func(i int) func(*change, types.Type) bool {
		return func(c *change, t types.Type) bool { return w.fixer.unify(c, exprs[i], t) }
	}, nil)
}

// ranges checks the variables that a range statement assigns to.
func (w *walker) ranges(n *ast.RangeStmt) {
	t := w.under(n.X)
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	variable := func(e ast.Expr, have types.Type) {
		if id, ok := e.(*ast.Ident); e == nil || ok && id.Name == "_" {
			return
		}
		w.check(use{n.X, 0, have, w.typeOf(e), w.place(e), nil})
	}
	switch t := t.(type) {
	case *types.Slice:
		variable(n.Value, t.Elem())
	case *types.Array:
		variable(n.Value, t.Elem())
	case *types.Map:
		variable(n.Key, t.Key())
		variable(n.Value, t.Elem())
	case *types.Chan:
		variable(n.Key, t.Elem())
	}
}
