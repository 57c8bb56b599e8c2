package shape

import (
	"go/ast"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/luxfi/metric/cmd/metricvet/internal/flow"
	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// Analyzer computes a package's [*Resolver], and exports facts to other packages.
var Analyzer = &analysis.Analyzer{
	Name:             "metricshapes",
	Doc:              "find out the names and labels of metrics",
	Requires:         []*analysis.Analyzer{flow.Analyzer},
	ResultType:       reflect.TypeFor[*Resolver](),
	FactTypes:        []analysis.Fact{new(Fact)},
	RunDespiteErrors: true,
	Run:              run,
}

func run(pass *analysis.Pass) (any, error) {
	r := &Resolver{
		pass: pass, info: pass.TypesInfo, flow: pass.ResultOf[flow.Analyzer].(*flow.Flow),
		funcs: map[*types.Func]*ast.FuncDecl{}, facts: map[types.Object]*Fact{},
	}
	if !library.Reached(pass.Pkg) {
		return r, nil
	}
	for _, file := range pass.Files {
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				if f, ok := pass.TypesInfo.Defs[d.Name].(*types.Func); ok {
					r.funcs[f] = d
				}
			}
		}
	}
	r.export()
	r.freeze()
	return r, nil
}

// freeze resolves everything that the package refers to, because analyzers run concurrently.
func (r *Resolver) freeze() {
	for _, o := range r.info.Uses {
		switch o := o.(type) {
		case *types.Var:
			if library.IsShaped(o.Type()) {
				r.fact(o.Origin())
			}
		case *types.Func:
			r.fact(o.Origin())
		}
	}
	for _, selection := range r.info.Selections {
		if field := embedded(selection); field != nil {
			r.fact(field.Origin())
		}
	}
	r.frozen = true
}

// export publishes facts to which other packages can refer.
func (r *Resolver) export() {
	publish := func(o types.Object) {
		if f := r.fact(o); f != nil && (f.Shape != nil || f.Param > 0) {
			r.pass.ExportObjectFact(o, f)
		}
	}
	for v := range r.flow.Variables {
		global := v.IsField() || v.Parent() == r.pass.Pkg.Scope()
		if v.Pkg() == r.pass.Pkg && v.Exported() && global && library.IsShaped(v.Type()) {
			publish(v)
		}
	}
	for f := range r.funcs {
		results := f.Signature().Results()
		if !f.Exported() || results.Len() == 0 {
			continue
		}
		first := results.At(0).Type()
		if _, generic := types.Unalias(first).(*types.TypeParam); generic || library.IsShaped(first) {
			publish(f)
		}
	}
}

func callee(info *types.Info, call *ast.CallExpr) *types.Func {
	f, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok {
		return nil
	}
	return f.Origin()
}
