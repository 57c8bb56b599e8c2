package shape

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/luxfi/metric/cmd/metricvet/internal/flow"
	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// Resolver finds the shapes of the expressions of a package. It is safe for concurrent use once its
// analyzer has run.
type Resolver struct {
	pass  *analysis.Pass
	info  *types.Info
	flow  *flow.Flow
	funcs map[*types.Func]*ast.FuncDecl

	// facts about variables, fields and functions; nil while they are being determined
	facts  map[types.Object]*Fact
	frozen bool // whether facts is complete and must not change anymore
}

// Of returns the shape of the value of e, or nil if nothing is known.
func (r *Resolver) Of(e ast.Expr) *Shape {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return r.ofVariable(r.info.ObjectOf(e))
	case *ast.SelectorExpr:
		return r.ofVariable(r.info.ObjectOf(e.Sel))
	case *ast.TypeAssertExpr:
		if e.Type != nil {
			return r.Of(e.X)
		}
	case *ast.CallExpr:
		return r.ofCall(e)
	}
	return nil
}

// Receiver returns the shape of the vector or instrument whose method a call calls. It may be embedded
// in other structs.
func (r *Resolver) Receiver(call *ast.CallExpr) *Shape {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	selection := r.info.Selections[sel]
	if selection == nil || selection.Kind() != types.MethodVal {
		return nil
	}
	if library.IsShaped(selection.Recv()) {
		return r.Of(sel.X)
	}
	if field := embedded(selection); field != nil {
		return r.ofVariable(field)
	}
	return nil
}

// embedded returns the first embedded field on the way to a method whose type is a vector, an instrument or
// a descriptor.
func embedded(selection *types.Selection) *types.Var {
	t, path := selection.Recv(), selection.Index()
	if library.IsShaped(t) {
		return nil
	}
	for _, i := range path[:len(path)-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok || i >= s.NumFields() {
			return nil
		}
		field := s.Field(i)
		if t = field.Type(); library.IsShaped(t) {
			return field
		}
	}
	return nil
}

func (r *Resolver) ofVariable(o types.Object) *Shape {
	v, ok := o.(*types.Var)
	if !ok || !library.IsShaped(v.Type()) {
		return nil
	}
	if f := r.fact(v.Origin()); f != nil {
		return f.Shape
	}
	return nil
}

// fact returns the fact about a variable, a field or a function, or nil.
func (r *Resolver) fact(o types.Object) *Fact {
	if f, ok := r.facts[o]; ok || r.frozen {
		return f
	}
	r.facts[o] = nil // prevents endless recursion
	var f *Fact
	switch o := o.(type) {
	case *types.Var:
		f = r.variableFact(o)
	case *types.Func:
		f = r.functionFact(o)
	}
	r.facts[o] = f
	return f
}

func (r *Resolver) variableFact(v *types.Var) *Fact {
	known := r.flow.Variable(v)
	if v.Pkg() != r.pass.Pkg {
		var f Fact
		if len(known.Sources) > 0 || known.Opaque || !r.pass.ImportObjectFact(v, &f) {
			return nil
		}
		return &f
	}
	if known.Opaque {
		return nil
	}
	var shape *Shape
	for _, s := range known.Sources {
		if r.info.Types[s.Expr].IsNil() {
			continue
		}
		var of *Shape
		if s.Result == 0 {
			of = r.Of(s.Expr)
		}
		if of == nil {
			return nil
		}
		if shape == nil {
			shape = of
		} else {
			shape = joined(shape, of)
		}
	}
	if shape == nil {
		return nil
	}
	return &Fact{Shape: shape}
}

// functionFact joins the first results of all return statements of f.
func (r *Resolver) functionFact(f *types.Func) *Fact {
	if f.Pkg() != r.pass.Pkg {
		var fact Fact
		if !r.pass.ImportObjectFact(f, &fact) {
			return nil
		}
		return &fact
	}
	decl := r.funcs[f]
	if decl == nil || decl.Body == nil || f.Signature().Results().Len() == 0 {
		return nil
	}
	var facts []*Fact
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			facts = append(facts, r.returned(f, n))
		}
		return true
	})
	var all *Fact
	for _, fact := range facts {
		switch {
		case fact == nil:
			return nil
		case fact.Shape == nil && fact.Param == 0: // nil, which comes with an error
		case all == nil:
			all = fact
		case all.Param > 0 || fact.Param > 0:
			if all.Param != fact.Param {
				return nil
			}
		default:
			all = &Fact{Shape: joined(all.Shape, fact.Shape)}
		}
	}
	return all
}

// returned returns the fact about the first result of a return statement of f. It is empty for nil.
func (r *Resolver) returned(f *types.Func, n *ast.ReturnStmt) *Fact {
	if len(n.Results) == 0 {
		return nil
	}
	first := n.Results[0]
	if r.info.Types[first].IsNil() {
		return &Fact{}
	}
	if v := r.flow.VarOf(first); v != nil && len(r.flow.Variable(v).Sources) == 0 {
		params := f.Signature().Params()
		for i := range params.Len() {
			if params.At(i) == v && (!f.Signature().Variadic() || i < params.Len()-1) {
				return &Fact{Param: i + 1}
			}
		}
	}
	if shape := r.Of(first); shape != nil {
		return &Fact{Shape: shape}
	}
	return nil
}

func (r *Resolver) ofCall(call *ast.CallExpr) *Shape {
	if r.info.Types[call.Fun].IsType() {
		if len(call.Args) == 1 {
			return r.Of(call.Args[0])
		}
		return nil
	}
	if c := library.ConstructorOf(r.info, call); c != nil {
		return r.Made(c)
	}
	if f := library.Callee(r.info, call); f != nil {
		if s, ok := r.ofLibrary(f, call); ok {
			return s
		}
	}
	f := callee(r.info, call)
	if f == nil {
		return nil
	}
	fact := r.fact(f)
	switch {
	case fact == nil:
		return nil
	case fact.Param == 0:
		return fact.Shape
	case fact.Param <= len(call.Args):
		return r.Of(call.Args[fact.Param-1])
	}
	return nil
}

// ofLibrary returns the shape of the result of a function of one of the libraries. ok is false if it is
// an ordinary function.
func (r *Resolver) ofLibrary(f *types.Func, call *ast.CallExpr) (s *Shape, ok bool) {
	name := f.Name()
	switch {
	case library.IsFunc(f, "NewMetricVec", "BridgeCounterVec", "BridgeGaugeVec", "BridgeHistogramVec", "BridgeSummaryVec") &&
		len(call.Args) > 0:
		return r.Of(call.Args[0]), true
	case !library.IsVec(recvType(f)):
		return nil, false
	case name == "CurryWith" || name == "MustCurryWith":
		if of := r.Receiver(call); of != nil && len(call.Args) == 1 {
			names, known := r.Keys(call.Args[0])
			return of.curried(names, known), true
		}
		return nil, true
	case strings.HasPrefix(name, "With") || strings.HasPrefix(name, "GetMetricWith"):
		if of := r.Receiver(call); of != nil {
			return &Shape{Kind: of.Kind, Name: of.Name}, true
		}
		return nil, true
	}
	return nil, false
}

// Made returns the shape of the metric that a constructor makes.
func (r *Resolver) Made(c *library.Constructor) *Shape {
	s := &Shape{Kind: c.Kind}
	labels := c.Labels
	if c.Opts != nil {
		if o := r.OptionsOf(c.Opts); o != nil {
			s.Name, _ = r.fullName(o.Namespace, o.Subsystem, o.Name, 0)
			if labels == nil {
				labels = o.Of
			}
		}
	} else if c.Name != nil {
		s.Name, _ = r.String(c.Name)
	}
	if s.Kind == library.Info && s.Name != "" && !strings.HasSuffix(s.Name, "_info") {
		s.Name += "_info"
	}
	if labels != nil {
		s.Labels, s.Known = r.Strings(labels)
	}
	return s
}

func recvType(f *types.Func) types.Type {
	if recv := f.Signature().Recv(); recv != nil {
		return recv.Type()
	}
	return types.Typ[types.Invalid]
}
