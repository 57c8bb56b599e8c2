package hot

import (
	"go/types"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
)

// placeOf returns the context from which a function with this name and signature is called. The name is
// empty for function literals.
func placeOf(name string, sig *types.Signature) place {
	switch {
	case isHTTPHandler(sig) || isGRPCHandler(sig):
		return perRequest
	case sig.Recv() != nil && isCollect(name, sig):
		return perScrape
	}
	return elsewhere
}

func isHTTPHandler(sig *types.Signature) bool {
	p := sig.Params()
	return p.Len() == 2 && isNamed(p.At(0).Type(), "net/http", "ResponseWriter") && isNamed(p.At(1).Type(), "net/http", "Request")
}

// isGRPCHandler reports whether a function with this signature is a service method or an interceptor.
func isGRPCHandler(sig *types.Signature) bool {
	p, results := sig.Params(), sig.Results()
	if results.Len() == 0 || !isError(results.At(results.Len()-1).Type()) {
		return false
	}
	for i := range p.Len() {
		t := p.At(i).Type()
		if isNamed(t, "google.golang.org/grpc", "UnaryServerInfo") || isNamed(t, "google.golang.org/grpc", "StreamServerInfo") {
			return true
		}
	}
	if sig.Recv() == nil || p.Len() == 0 {
		return false
	}
	if p.Len() == 2 && results.Len() == 2 && isNamed(p.At(0).Type(), "context", "Context") {
		return hasMethod(p.At(1).Type(), "ProtoReflect") && hasMethod(results.At(0).Type(), "ProtoReflect")
	}
	return results.Len() == 1 && hasMethod(p.At(p.Len()-1).Type(), "SetTrailer") && hasMethod(p.At(p.Len()-1).Type(), "SendMsg")
}

// isCollect reports whether scrapes call the method.
func isCollect(name string, sig *types.Signature) bool {
	p := sig.Params()
	if p.Len() == 0 {
		return false
	}
	last := p.At(p.Len() - 1).Type()
	switch name {
	case "Collect", "CollectWithContext":
		ch, ok := last.Underlying().(*types.Chan)
		return ok && library.TypeName(ch.Elem()) == "Metric"
	case "CollectTo":
		return library.TypeName(last) == "Sink"
	}
	return false
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// isNamed reports whether t is the named type, or a pointer to it.
func isNamed(t types.Type, path, name string) bool {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path && n.Obj().Name() == name
}

func hasMethod(t types.Type, name string) bool {
	o, _, _ := types.LookupFieldOrMethod(t, true, nil, name)
	_, ok := o.(*types.Func)
	return ok
}
