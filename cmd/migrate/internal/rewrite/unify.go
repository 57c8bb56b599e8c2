package rewrite

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/load"
)

// unify changes a type expression to name client_golang's types in place of ours. It reports whether
// nothing else must change.
func (f *fixer) unify(c *change, e ast.Expr, want types.Type) bool {
	have := f.typeOf(e)
	if function, ok := e.(*ast.FuncType); ok && have == nil { // of a declared function or method
		w, ok := want.Underlying().(*types.Signature)
		return ok && f.unifyFields(c, function.Params, w.Params()) && f.unifyFields(c, function.Results, w.Results())
	}
	if have == nil {
		if dots, ok := e.(*ast.Ellipsis); ok {
			slice, ok := types.Unalias(want).(*types.Slice)
			return ok && f.unify(c, dots.Elt, slice.Elem())
		}
		return false
	}
	if f.libraries.same(have, want) {
		return true
	}
	if _, isName := e.(*ast.Ident); !isName {
		want = types.Unalias(want)
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return f.unify(c, e.X, want)
	case *ast.Ident:
		return f.unifyName(c, e, f.usedBy(e), want)
	case *ast.SelectorExpr:
		return f.unifyName(c, e, f.usedBy(e.Sel), want)
	case *ast.StarExpr:
		w, ok := want.(*types.Pointer)
		return ok && f.unify(c, e.X, w.Elem())
	case *ast.Ellipsis:
		w, ok := want.(*types.Slice)
		return ok && f.unify(c, e.Elt, w.Elem())
	case *ast.ArrayType:
		switch w := want.(type) {
		case *types.Slice:
			return e.Len == nil && f.unify(c, e.Elt, w.Elem())
		case *types.Array:
			return e.Len != nil && f.unify(c, e.Elt, w.Elem())
		}
	case *ast.MapType:
		w, ok := want.(*types.Map)
		return ok && f.unify(c, e.Key, w.Key()) && f.unify(c, e.Value, w.Elem())
	case *ast.ChanType:
		w, ok := want.(*types.Chan)
		return ok && f.unify(c, e.Value, w.Elem())
	case *ast.FuncType:
		w, ok := want.Underlying().(*types.Signature)
		return ok && f.unifyFields(c, e.Params, w.Params()) && f.unifyFields(c, e.Results, w.Results())
	case *ast.IndexExpr:
		return f.unifyArgs(c, have, []ast.Expr{e.Index}, want)
	case *ast.IndexListExpr:
		return f.unifyArgs(c, have, e.Indices, want)
	case *ast.StructType:
		return f.unifyStruct(c, e, want)
	}
	return false
}

// unifyName changes the name of a type: to client_golang's if it is one of ours, or at the declaration
// of an alias.
func (f *fixer) unifyName(c *change, e ast.Expr, object types.Object, want types.Type) bool {
	name, ok := object.(*types.TypeName)
	if !ok {
		return false
	}
	if their := f.libraries.counterparts[name]; their != nil {
		if named, ok := types.Unalias(want).(*types.Named); !ok || named.Obj() != their {
			return false
		}
		below := strings.TrimPrefix(name.Pkg().Path(), load.Root)
		text := f.qualifier(c, e.Pos(), load.ClientRoot+below) + their.Name()
		c.Replace(f.round.Source(f.round.FileAt(e.Pos())), f.round.Offset(e.Pos()), f.round.Offset(e.End()), text)
		f.say(c, e.Pos(), "%s: client_golang's type is named%s", name.Name(), consequence(their.Name()))
		return true
	}
	if !name.IsAlias() || c.visiting[name] {
		return name.IsAlias()
	}
	c.visiting[name] = true
	for _, n := range f.round.PathTo(name.Pos()) {
		if spec, ok := n.(*ast.TypeSpec); ok {
			return f.unify(c, spec.Type, want)
		}
	}
	return false
}

func (f *fixer) unifyFields(c *change, fields *ast.FieldList, want *types.Tuple) bool {
	if fields == nil {
		return want.Len() == 0
	}
	i := 0
	for _, field := range fields.List {
		for range max(1, len(field.Names)) {
			if i >= want.Len() || !f.unify(c, field.Type, want.At(i).Type()) {
				return false
			}
			i++
		}
	}
	return i == want.Len()
}

func (f *fixer) unifyArgs(c *change, have types.Type, args []ast.Expr, want types.Type) bool {
	h, ok := types.Unalias(have).(*types.Named)
	w, alsoNamed := types.Unalias(want).(*types.Named)
	if !ok || !alsoNamed || h.Obj().Name() != w.Obj().Name() || w.TypeArgs().Len() != len(args) {
		return false
	}
	for i, arg := range args {
		if !f.unify(c, arg, w.TypeArgs().At(i)) {
			return false
		}
	}
	return true
}

func (f *fixer) unifyStruct(c *change, e *ast.StructType, want types.Type) bool {
	w, ok := want.(*types.Struct)
	if !ok {
		return false
	}
	i := 0
	for _, field := range e.Fields.List {
		for range max(1, len(field.Names)) {
			if i >= w.NumFields() || !f.unify(c, field.Type, w.Field(i).Type()) {
				return false
			}
			i++
		}
	}
	return true
}
