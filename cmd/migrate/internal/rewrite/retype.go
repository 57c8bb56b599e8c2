package rewrite

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/load"
)

// retypeExpr changes the type of an expression by changing the declarations from which it comes. It
// reports whether that was possible.
func (f *fixer) retypeExpr(c *change, e ast.Expr, want types.Type) bool {
	if f.libraries.same(f.typeOf(e), want) {
		return true
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return f.retypeExpr(c, e.X, want)
	case *ast.Ident:
		return f.retypeName(c, e, f.objectOf(e), want)
	case *ast.SelectorExpr:
		return f.retypeName(c, e, f.objectOf(e.Sel), want)
	case *ast.FuncLit:
		return f.unify(c, e.Type, want)
	case *ast.CompositeLit:
		return e.Type != nil && f.unify(c, e.Type, want)
	case *ast.UnaryExpr:
		return f.retypeUnary(c, e, want)
	case *ast.StarExpr:
		return f.retypeExpr(c, e.X, types.NewPointer(want))
	case *ast.SliceExpr:
		return f.retypeExpr(c, e.X, want)
	case *ast.IndexExpr:
		return f.retypeElement(c, e.X, want)
	case *ast.CallExpr:
		return f.retypeCall(c, e, want)
	}
	return false
}

func (f *fixer) retypeUnary(c *change, e *ast.UnaryExpr, want types.Type) bool {
	switch e.Op {
	case token.AND:
		p, ok := types.Unalias(want).(*types.Pointer)
		return ok && f.retypeExpr(c, e.X, p.Elem())
	case token.ARROW:
		return f.retypeElement(c, e.X, want)
	}
	return false
}

// retypeElement changes the type of the elements of a slice, array, map or channel.
func (f *fixer) retypeElement(c *change, e ast.Expr, want types.Type) bool {
	switch t := types.Unalias(f.typeOf(e)).(type) {
	case *types.Slice:
		return f.retypeExpr(c, e, types.NewSlice(want))
	case *types.Array:
		return f.retypeExpr(c, e, types.NewArray(want, t.Len()))
	case *types.Map:
		return f.retypeExpr(c, e, types.NewMap(t.Key(), want))
	case *types.Chan:
		return f.retypeExpr(c, e, types.NewChan(t.Dir(), want))
	}
	return false
}

// retypeName changes the type of the object that a name denotes.
func (f *fixer) retypeName(c *change, e ast.Expr, object types.Object, want types.Type) bool {
	if object == nil {
		return false
	}
	if isOurs(object.Pkg()) {
		return f.useClientName(c, e, want)
	}
	return f.retypeObject(c, object, want)
}

// useClientName replaces a name of our package with the same name of client_golang's package. The result
// must have the wanted type, unless want is nil.
func (f *fixer) useClientName(c *change, e ast.Expr, want types.Type) bool {
	object, _ := f.callee(e)
	if object == nil || !isOurs(object.Pkg()) || object.Parent() != object.Pkg().Scope() {
		return false
	}
	below := strings.TrimPrefix(object.Pkg().Path(), load.Root)
	client := f.libraries.client[below]
	if client == nil {
		return false
	}
	their := client.Scope().Lookup(object.Name())
	if their == nil || want != nil && !f.libraries.same(their.Type(), want) {
		return false
	}
	text := f.qualifier(c, e.Pos(), load.ClientRoot+below) + object.Name()
	if below == "/promauto" && object.Name() != "With" && object.Name() != "Factory" {
		// The package's functions register with the default registry of their library.
		text = f.qualifier(c, e.Pos(), load.ClientRoot+below) + "With(" + f.qualifier(c, e.Pos(), load.Root) + "DefaultRegisterer)." + object.Name()
	}
	e = ast.Unparen(e)
	c.Replace(f.round.Source(f.round.FileAt(e.Pos())), f.round.Offset(e.Pos()), f.round.Offset(e.End()), text)
	f.say(c, e.Pos(), "%s: client_golang's is used%s", object.Name(), consequence(object.Name()))
	return true
}

// consequence describes what using client_golang's type or function with the given name means.
func consequence(name string) string {
	if strings.HasSuffix(name, "Registry") {
		return "; collectors in that registry get no context. " +
			"To change that, give the library a registry of its own and register that with one of ours: see docs/migration.md"
	}
	return ""
}

// retypeCall changes the type of a call's result.
func (f *fixer) retypeCall(c *change, e *ast.CallExpr, want types.Type) bool {
	object, id := f.callee(e.Fun)
	switch object := object.(type) {
	case *types.TypeName:
		return f.unify(c, e.Fun, want)
	case *types.Builtin:
		return f.retypeBuiltin(c, e, id.Name, want)
	case *types.Func:
		sig := object.Signature()
		if !isOurs(object.Pkg()) {
			return sig.Results().Len() == 1 && f.retypeResult(c, e, 0, want)
		}
		if sig.Recv() != nil {
			return f.retypeReceiver(c, e, sig, object.Name(), want)
		}
		below := strings.TrimPrefix(object.Pkg().Path(), load.Root)
		if f.libraries.client[below] == nil {
			return false
		}
		their, ok := f.libraries.client[below].Scope().Lookup(object.Name()).(*types.Func)
		return ok && their.Signature().Results().Len() == 1 && f.libraries.same(their.Signature().Results().At(0).Type(), want) &&
			f.useClientName(c, e.Fun, nil)
	}
	switch ast.Unparen(e.Fun).(type) {
	case *ast.FuncLit:
		return f.retypeResult(c, e, 0, want)
	case *ast.StarExpr: // a conversion, as in (*T)(nil)
		return f.unify(c, e.Fun, want)
	}
	return false
}

// retypeReceiver replaces the receiver of a method of ours by one of client_golang's, if that makes the
// method return the wanted type.
func (f *fixer) retypeReceiver(c *change, e *ast.CallExpr, sig *types.Signature, name string, want types.Type) bool {
	selector, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	their, ok := f.clientType(sig.Recv().Type())
	if !ok {
		return false
	}
	object, _, _ := types.LookupFieldOrMethod(their, true, nil, name)
	method, ok := object.(*types.Func)
	if !ok || method.Signature().Results().Len() == 0 || !f.libraries.same(method.Signature().Results().At(0).Type(), want) {
		return false
	}
	return f.retypeExpr(c, selector.X, their)
}

func (f *fixer) retypeBuiltin(c *change, e *ast.CallExpr, name string, want types.Type) bool {
	switch name {
	case "append":
		return f.retypeExpr(c, e.Args[0], want)
	case "make":
		return f.unify(c, e.Args[0], want)
	case "new":
		p, ok := types.Unalias(want).(*types.Pointer)
		return ok && f.unify(c, e.Args[0], p.Elem())
	}
	return false
}

// retypeResult changes the type of a result of one of the module's functions.
func (f *fixer) retypeResult(c *change, e *ast.CallExpr, index int, want types.Type) bool {
	sig, ok := f.typeOf(e.Fun).(*types.Signature)
	if !ok || index >= sig.Results().Len() {
		return false
	}
	results := replaceVar(sig.Results(), index, want)
	return f.retypeFunc(c, e.Fun, types.NewSignatureType(nil, nil, nil, sig.Params(), results, sig.Variadic()))
}

// retypeParam changes the type of a parameter of one of the module's functions.
func (f *fixer) retypeParam(c *change, fun ast.Expr, index int, want types.Type) bool {
	sig, ok := f.typeOf(fun).Underlying().(*types.Signature)
	if !ok {
		return false
	}
	params := replaceVar(sig.Params(), index, want)
	return f.retypeFunc(c, fun, types.NewSignatureType(nil, nil, nil, params, sig.Results(), sig.Variadic()))
}

func (f *fixer) retypeFunc(c *change, fun ast.Expr, want *types.Signature) bool {
	if object, _ := f.callee(fun); object != nil && isOurs(object.Pkg()) {
		return false
	}
	return f.retypeExpr(c, fun, want)
}

func replaceVar(t *types.Tuple, index int, with types.Type) *types.Tuple {
	var vars []*types.Var
	for i := range t.Len() {
		v := t.At(i)
		if i == index {
			v = types.NewParam(v.Pos(), v.Pkg(), v.Name(), with)
		}
		vars = append(vars, v)
	}
	return types.NewTuple(vars...)
}

// retypeObject changes the type of one of the module's variables, fields or functions.
func (f *fixer) retypeObject(c *change, object types.Object, want types.Type) bool {
	if c.visiting[object] {
		return true
	}
	c.visiting[object] = true
	path := f.round.PathTo(object.Pos())
	if len(path) < 2 {
		return false
	}
	if v, ok := object.(*types.Var); ok && v.Embedded() {
		for _, n := range path {
			if field, ok := n.(*ast.Field); ok {
				return f.unify(c, field.Type, want)
			}
		}
		return false
	}
	id, ok := path[0].(*ast.Ident)
	if !ok {
		return false
	}
	switch decl := path[1].(type) {
	case *ast.Field:
		return f.unify(c, decl.Type, want)
	case *ast.FuncDecl:
		return f.unify(c, decl.Type, want)
	case *ast.ValueSpec:
		if decl.Type != nil {
			return f.unify(c, decl.Type, want)
		}
		names := make([]ast.Expr, len(decl.Names))
		for i, name := range decl.Names {
			names[i] = name
		}
		return f.retypeInitial(c, id, names, decl.Values, want, nil, path)
	case *ast.AssignStmt:
		return f.retypeInitial(c, id, decl.Lhs, decl.Rhs, want, decl, path)
	case *ast.RangeStmt:
		return decl.Value == id && f.retypeElement(c, decl.X, want)
	}
	return false
}

// retypeInitial changes the type of a variable whose first value determines its type.
func (f *fixer) retypeInitial(c *change, id *ast.Ident, names, values []ast.Expr, want types.Type, stmt *ast.AssignStmt, path []ast.Node) bool {
	index := -1
	for i, name := range names {
		if name == ast.Expr(id) {
			index = i
		}
	}
	if index < 0 || len(values) == 0 {
		return false
	}
	if len(values) == len(names) {
		e := values[index]
		return f.wrapExpr(c, e, f.typeOf(e), want) || f.retypeExpr(c, e, want)
	}
	if call, ok := ast.Unparen(values[0]).(*ast.CallExpr); ok {
		edits, lines := c.mark()
		for _, way := range []func() bool{
			func() bool { return f.declareBefore(c, id, call, index, want, stmt, path) },
			func() bool { return f.wrapResults(c, call, index, want) },
			func() bool { return f.retypeResult(c, call, index, want) },
		} {
			if way() {
				return true
			}
			c.reset(edits, lines)
		}
		return false
	}
	return index == 0 && f.retypeExpr(c, values[0], want) // the value, and ok
}

// declareBefore declares a variable with its type before the statement that defined it by one of several
// results. The statement still defines another variable.
func (f *fixer) declareBefore(c *change, id *ast.Ident, call *ast.CallExpr, index int, want types.Type, stmt *ast.AssignStmt, path []ast.Node) bool {
	tuple, ok := f.typeOf(call).(*types.Tuple)
	if stmt == nil || !ok || !types.AssignableTo(tuple.At(index).Type(), want) || len(path) < 3 {
		return false
	}
	switch path[2].(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
	default:
		return false
	}
	if clause, ok := path[2].(*ast.CommClause); ok && clause.Comm == ast.Stmt(stmt) {
		return false
	}
	others := 0
	for _, name := range stmt.Lhs {
		if other, ok := name.(*ast.Ident); ok && other != id && other.Name != "_" && f.isDefinition(other) {
			others++
		}
	}
	text, ok := f.typeText(c, stmt.Pos(), want)
	if others == 0 || !ok {
		return false
	}
	file := f.round.Source(f.round.FileAt(stmt.Pos()))
	at := f.round.Offset(stmt.Pos())
	begin := at
	for begin > 0 && (file.Text[begin-1] == '\t' || file.Text[begin-1] == ' ') {
		begin--
	}
	c.Insert(file, at, "var "+id.Name+" "+text+"\n"+string(file.Text[begin:at]))
	f.say(c, id.Pos(), "given the type %s", text)
	return true
}

func (f *fixer) isDefinition(id *ast.Ident) bool {
	for _, p := range f.round.PackagesOf(f.round.FileAt(id.Pos())) {
		if p.Info.Defs[id] != nil {
			return true
		}
	}
	return false
}
