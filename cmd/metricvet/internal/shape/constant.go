package shape

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// String returns the value of a string that is constant, or that never changes after a constant has been
// assigned to it.
func (r *Resolver) String(e ast.Expr) (string, bool) {
	return r.stringWithin(e, 0)
}

// maxDepth limits how many variables and calls are followed from an expression.
const maxDepth = 20

func (r *Resolver) stringWithin(e ast.Expr, depth int) (string, bool) {
	if e == nil || depth > maxDepth {
		return "", false
	}
	e = ast.Unparen(e)
	if tv := r.info.Types[e]; tv.Value != nil && tv.Value.Kind() == constant.String {
		return constant.StringVal(tv.Value), true
	}
	switch e := e.(type) {
	case *ast.Ident:
		if v, ok := r.info.ObjectOf(e).(*types.Var); ok {
			return r.stringWithin(r.flow.Only(v), depth+1)
		}
	case *ast.CallExpr:
		if library.IsFunc(library.Callee(r.info, e), "BuildFQName") && len(e.Args) == 3 {
			return r.fullName(e.Args[0], e.Args[1], e.Args[2], depth+1)
		}
	}
	return "", false
}

// fullName joins the parts of a name, any of which may be nil. If only the end of the name is known, it
// returns that end.
func (r *Resolver) fullName(namespace, subsystem, name ast.Expr, depth int) (string, bool) {
	if name == nil {
		return "", false
	}
	full, ok := r.stringWithin(name, depth)
	if !ok || full == "" {
		return "", false
	}
	for _, part := range []ast.Expr{subsystem, namespace} {
		if part == nil {
			continue
		}
		text, ok := r.stringWithin(part, depth)
		if !ok {
			break
		}
		if text != "" {
			full = text + "_" + full
		}
	}
	return full, true
}

// Strings returns the elements of a list of label names: strings, or labels with constraints.
func (r *Resolver) Strings(e ast.Expr) (list []string, ok bool) { return r.stringsWithin(e, 0) }

func (r *Resolver) stringsWithin(e ast.Expr, depth int) ([]string, bool) {
	if e == nil || depth > maxDepth {
		return nil, false
	}
	e = ast.Unparen(e)
	if r.info.Types[e].IsNil() {
		return nil, true
	}
	switch e := e.(type) {
	case *ast.CompositeLit:
		return r.elements(e, depth)
	case *ast.Ident:
		if v, ok := r.info.ObjectOf(e).(*types.Var); ok {
			return r.stringsWithin(r.flow.Only(v), depth+1)
		}
	case *ast.CallExpr:
		if r.info.Types[e.Fun].IsType() && len(e.Args) == 1 {
			return r.stringsWithin(e.Args[0], depth+1)
		}
		if id, ok := e.Fun.(*ast.Ident); ok && id.Name == "append" && len(e.Args) > 0 {
			if _, ok := r.info.ObjectOf(id).(*types.Builtin); ok {
				return r.appended(e, depth)
			}
		}
	}
	return nil, false
}

func (r *Resolver) elements(lit *ast.CompositeLit, depth int) (list []string, ok bool) {
	switch r.info.TypeOf(lit).Underlying().(type) {
	case *types.Slice, *types.Array:
	default:
		return nil, false
	}
	for _, element := range lit.Elts {
		if constrained, ok := element.(*ast.CompositeLit); ok {
			element, _ = r.field(constrained, "Name")
		}
		s, ok := r.stringWithin(element, depth+1)
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

func (r *Resolver) appended(call *ast.CallExpr, depth int) ([]string, bool) {
	list, ok := r.stringsWithin(call.Args[0], depth+1)
	if !ok {
		return nil, false
	}
	list = list[:len(list):len(list)]
	if call.Ellipsis.IsValid() {
		more, ok := r.stringsWithin(call.Args[1], depth+1)
		return append(list, more...), ok
	}
	for _, arg := range call.Args[1:] {
		s, ok := r.stringWithin(arg, depth+1)
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// Keys returns the keys of a map literal, such as Labels{"code": code}.
func (r *Resolver) Keys(e ast.Expr) (keys []string, ok bool) {
	e = ast.Unparen(e)
	if r.info.Types[e].IsNil() {
		return nil, true
	}
	lit, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil, false
	}
	for _, element := range lit.Elts {
		kv, ok := element.(*ast.KeyValueExpr)
		if !ok {
			return nil, false
		}
		key, ok := r.String(kv.Key)
		if !ok {
			return nil, false
		}
		keys = append(keys, key)
	}
	return keys, true
}

// Options holds the options of an instrument, as far as they are known.
type Options struct {
	Literal                                           *ast.CompositeLit
	Namespace, Subsystem, Name, Help, ConstLabels, Of ast.Expr // fields; nil if they are not set
}

// OptionsOf finds the composite literal that e is or holds.
func (r *Resolver) OptionsOf(e ast.Expr) *Options {
	for range maxDepth {
		switch x := ast.Unparen(e).(type) {
		case *ast.CompositeLit:
			return r.optionsIn(x)
		case *ast.Ident:
			v, ok := r.info.ObjectOf(x).(*types.Var)
			if !ok {
				return nil
			}
			e = r.flow.Only(v)
		case *ast.CallExpr:
			if !r.info.Types[x.Fun].IsType() || len(x.Args) != 1 {
				return nil
			}
			e = x.Args[0]
		default:
			return nil
		}
		if e == nil {
			return nil
		}
	}
	return nil
}

func (r *Resolver) optionsIn(lit *ast.CompositeLit) *Options {
	if name := library.TypeName(r.info.TypeOf(lit)); strings.HasSuffix(name, "VecOpts") {
		inner, ok := r.field(lit, strings.TrimSuffix(name, "VecOpts")+"Opts")
		if !ok || inner == nil {
			return nil
		}
		o := r.OptionsOf(inner)
		if o == nil {
			return nil
		}
		of, _ := r.field(lit, "VariableLabels")
		with := *o
		with.Of = of
		return &with
	}
	o := &Options{Literal: lit}
	for name, to := range map[string]*ast.Expr{
		"Namespace": &o.Namespace, "Subsystem": &o.Subsystem, "Name": &o.Name, "Help": &o.Help, "ConstLabels": &o.ConstLabels,
	} {
		value, ok := r.field(lit, name)
		if !ok {
			return nil
		}
		*to = value
	}
	return o
}

// field returns the value of a field in a struct literal, or nil if the literal does not set it.
func (r *Resolver) field(lit *ast.CompositeLit, name string) (value ast.Expr, ok bool) {
	t := r.info.TypeOf(lit)
	if t == nil {
		return nil, false
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil, false
	}
	for i, element := range lit.Elts {
		if kv, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == name {
				return kv.Value, true
			}
		} else if i < s.NumFields() && s.Field(i).Name() == name {
			return element, true
		}
	}
	return nil, true
}
