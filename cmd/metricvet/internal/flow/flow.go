// Package flow finds the expressions that a package assigns to its variables and fields.
package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// Analyzer computes the package's [*Flow]. For a package that has nothing to do with metrics, the result
// is empty.
var Analyzer = &analysis.Analyzer{
	Name:             "metricflow",
	Doc:              "find out what is assigned to variables and fields",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	ResultType:       reflect.TypeFor[*Flow](),
	RunDespiteErrors: true,
	Run: func(pass *analysis.Pass) (any, error) {
		f := &Flow{info: pass.TypesInfo, vars: map[*types.Var]*Variable{}}
		if library.Reached(pass.Pkg) {
			f.read(pass.ResultOf[inspect.Analyzer].(*inspector.Inspector))
		}
		return f, nil
	},
}

// Source is an expression that is assigned to a variable.
type Source struct {
	Expr   ast.Expr
	Result int // index of the result if Expr is a call with several results; otherwise 0
}

// Variable describes how a package uses a variable or a field.
type Variable struct {
	Sources []Source // the assigned expressions
	Opaque  bool     // whether it may get other values, through parameters, ranges or addresses
	Mutated bool     // whether one of its fields or elements is assigned to
}

// Flow holds the assignments in a package.
type Flow struct {
	info *types.Info
	vars map[*types.Var]*Variable
}

// Variable returns how the package uses v. The caller must not modify it.
func (f *Flow) Variable(v *types.Var) *Variable {
	if known := f.vars[v.Origin()]; known != nil {
		return known
	}
	return &Variable{}
}

// Variables calls yield with all variables and fields that are assigned to.
func (f *Flow) Variables(yield func(*types.Var, *Variable) bool) {
	for v, known := range f.vars {
		if !yield(v, known) {
			return
		}
	}
}

// Only returns the only expression that is ever assigned to a variable. It returns nil if there are
// several, or if the variable may change afterwards.
func (f *Flow) Only(v *types.Var) ast.Expr {
	known := f.Variable(v)
	if known.Opaque || known.Mutated || len(known.Sources) != 1 || f.exposed(v) {
		return nil
	}
	if t, ok := f.info.TypeOf(known.Sources[0].Expr).(*types.Tuple); ok && t.Len() > 1 {
		return nil
	}
	return known.Sources[0].Expr
}

// exposed reports whether other packages can assign to v.
func (f *Flow) exposed(v *types.Var) bool {
	return v.Exported() && (v.IsField() || v.Pkg() != nil && v.Parent() == v.Pkg().Scope())
}

// VarOf returns the variable or field that e denotes, or nil.
func (f *Flow) VarOf(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := f.info.ObjectOf(e).(*types.Var)
		return v
	case *ast.SelectorExpr:
		v, _ := f.info.ObjectOf(e.Sel).(*types.Var)
		return v
	case *ast.IndexExpr:
		return nil
	}
	return nil
}

func (f *Flow) at(v *types.Var) *Variable {
	v = v.Origin()
	known := f.vars[v]
	if known == nil {
		known = &Variable{}
		f.vars[v] = known
	}
	return known
}

func (f *Flow) read(in *inspector.Inspector) {
	in.Preorder([]ast.Node{
		(*ast.AssignStmt)(nil), (*ast.ValueSpec)(nil), (*ast.RangeStmt)(nil), (*ast.IncDecStmt)(nil),
		(*ast.FuncType)(nil), (*ast.FuncDecl)(nil), (*ast.CompositeLit)(nil), (*ast.UnaryExpr)(nil),
	}, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.AssignStmt:
			f.readAssign(n)
		case *ast.ValueSpec:
			names := make([]ast.Expr, len(n.Names))
			for i, name := range n.Names {
				names[i] = name
			}
			f.assign(names, n.Values)
		case *ast.RangeStmt:
			f.opaque(n.Key)
			f.opaque(n.Value)
		case *ast.IncDecStmt:
			f.opaque(n.X)
		case *ast.FuncType:
			f.readParams(n.Params)
		case *ast.FuncDecl:
			f.readParams(n.Recv)
		case *ast.CompositeLit:
			f.readLiteral(n)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				f.opaque(n.X)
			}
		}
	})
}

func (f *Flow) readAssign(n *ast.AssignStmt) {
	if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
		f.opaque(n.Lhs[0])
		return
	}
	f.assign(n.Lhs, n.Rhs)
}

func (f *Flow) assign(left, right []ast.Expr) {
	for i, l := range left {
		f.mutate(l)
		v := f.VarOf(l)
		switch {
		case v == nil:
		case len(left) == len(right):
			known := f.at(v)
			known.Sources = append(known.Sources, Source{Expr: right[i]})
		case len(right) == 1:
			known := f.at(v)
			known.Sources = append(known.Sources, Source{Expr: right[0], Result: i})
		}
	}
}

// mutate marks the variable that l is a part of.
func (f *Flow) mutate(l ast.Expr) {
	for {
		switch e := ast.Unparen(l).(type) {
		case *ast.SelectorExpr:
			l = e.X
		case *ast.IndexExpr:
			l = e.X
		case *ast.StarExpr:
			l = e.X
		default:
			return
		}
		if v := f.VarOf(l); v != nil {
			f.at(v).Mutated = true
		}
	}
}

func (f *Flow) opaque(e ast.Expr) {
	if e == nil {
		return
	}
	f.mutate(e)
	if v := f.VarOf(e); v != nil {
		f.at(v).Opaque = true
	}
}

func (f *Flow) readParams(params *ast.FieldList) {
	if params == nil {
		return
	}
	for _, field := range params.List {
		for _, name := range field.Names {
			f.opaque(name)
		}
	}
}

func (f *Flow) readLiteral(n *ast.CompositeLit) {
	t := f.info.TypeOf(n)
	if t == nil {
		return
	}
	if p, ok := t.Underlying().(*types.Pointer); ok { // elided in a literal of pointers
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i, element := range n.Elts {
		var field *types.Var
		value := element
		if kv, ok := element.(*ast.KeyValueExpr); ok {
			value = kv.Value
			if key, ok := kv.Key.(*ast.Ident); ok {
				field, _ = f.info.ObjectOf(key).(*types.Var)
			}
		} else if i < s.NumFields() {
			field = s.Field(i)
		}
		if field != nil {
			known := f.at(field)
			known.Sources = append(known.Sources, Source{Expr: value})
		}
	}
}
