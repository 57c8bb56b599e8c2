// Package library describes the API of the two libraries whose use the analyzers check:
// github.com/luxfi/metric and client_golang.
package library

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

const (
	metric     = "github.com/luxfi/metric"
	prometheus = "github.com/prometheus/client_golang/prometheus"
)

// isRoot reports whether path is the path of a package with instruments.
func isRoot(path string) bool { return path == metric || path == prometheus }

func isAuto(path string) bool { return path == metric+"/promauto" || path == prometheus+"/promauto" }

func isHTTP(path string) bool { return path == metric+"/promhttp" || path == prometheus+"/promhttp" }

// Reached reports whether pkg is one of the libraries or imports one, directly or indirectly.
func Reached(pkg *types.Package) bool {
	seen := map[*types.Package]bool{}
	var reached func(*types.Package) bool
	reached = func(p *types.Package) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		return isRoot(p.Path()) || slices.ContainsFunc(p.Imports(), reached)
	}
	return reached(pkg)
}

// Callee returns the called function or method if it belongs to one of the libraries, and nil otherwise.
func Callee(info *types.Info, call *ast.CallExpr) *types.Func {
	f, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok || f.Pkg() == nil {
		return nil
	}
	if path := f.Pkg().Path(); isRoot(path) || isAuto(path) || isHTTP(path) {
		return f.Origin()
	}
	return nil
}

// IsFunc reports whether f is a function, not a method, in a package with instruments and has one of the
// names.
func IsFunc(f *types.Func, names ...string) bool {
	return f != nil && isRoot(f.Pkg().Path()) && f.Signature().Recv() == nil && slices.Contains(names, f.Name())
}

// IsHTTPFunc reports whether f is a function of promhttp whose name begins with prefix.
func IsHTTPFunc(f *types.Func, prefix string) bool {
	return f != nil && isHTTP(f.Pkg().Path()) && f.Signature().Recv() == nil && strings.HasPrefix(f.Name(), prefix)
}

// IsHTTPType reports whether t is promhttp's type with the given name.
func IsHTTPType(t types.Type, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && isHTTP(named.Obj().Pkg().Path()) && named.Obj().Name() == name
}

// TypeName returns the name of a type of one of the libraries, or of a pointer to it. It returns the
// empty string for all other types.
func TypeName(t types.Type) string {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return ""
	}
	if path := named.Obj().Pkg().Path(); !isRoot(path) && !isAuto(path) {
		return ""
	}
	return named.Obj().Name()
}

// RecvName returns the name of the receiver's type if f is a method, and the empty string if f is a function.
func RecvName(f *types.Func) string {
	if recv := f.Signature().Recv(); recv != nil {
		return TypeName(recv.Type())
	}
	return ""
}

// IsVec reports whether t is a vector, such as *CounterVec, ObserverVec or *CounterVecOf[Labels].
func IsVec(t types.Type) bool {
	name := TypeName(t)
	return strings.HasSuffix(name, "Vec") || strings.HasSuffix(name, "VecOf")
}

// IsShaped reports whether values of type t have a shape: vectors, instruments and descriptors.
func IsShaped(t types.Type) bool {
	switch TypeName(t) {
	case "Desc", "Counter", "Gauge", "Histogram", "Summary", "Observer", "ReadableCounter", "ReadableGauge":
		return true
	}
	return IsVec(t)
}

// IsCounter reports whether t is the type of a counter.
func IsCounter(t types.Type) bool {
	name := TypeName(t)
	return name == "Counter" || name == "ReadableCounter"
}

// DescOf returns the argument for the descriptor and the index of the first label value, if f is called
// with a descriptor first and label values last.
func DescOf(f *types.Func, call *ast.CallExpr) (desc ast.Expr, values int, ok bool) {
	params := f.Signature().Params()
	last := params.Len() - 1
	if last < 1 || !f.Signature().Variadic() || len(call.Args) < last || TypeName(params.At(0).Type()) != "Desc" {
		return nil, 0, false
	}
	if !types.Identical(params.At(last).Type(), types.NewSlice(types.Typ[types.String])) {
		return nil, 0, false
	}
	return call.Args[0], last, true
}
