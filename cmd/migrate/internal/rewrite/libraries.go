package rewrite

import (
	"go/types"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/check"
	"github.com/luxfi/metric/cmd/migrate/internal/load"
)

// libraries maps the types of the two libraries to each other.
type libraries struct {
	ours, client map[string]*types.Package // packages by their path below the root

	// counterparts maps our types, except aliases of client_golang's, to client_golang's types.
	counterparts map[*types.TypeName]*types.TypeName
}

func newLibraries(r *check.Round) *libraries {
	l := &libraries{r.Ours, r.Client, make(map[*types.TypeName]*types.TypeName)}
	for below, ours := range r.Ours {
		client := r.Client[below]
		if ours == nil || client == nil {
			continue
		}
		for _, name := range ours.Scope().Names() {
			our, ok := ours.Scope().Lookup(name).(*types.TypeName)
			their, alsoType := client.Scope().Lookup(name).(*types.TypeName)
			if !ok || !alsoType || !our.Exported() || types.Identical(our.Type(), their.Type()) {
				continue
			}
			l.counterparts[our] = their
			if named, ok := types.Unalias(our.Type()).(*types.Named); ok {
				l.counterparts[named.Obj()] = their
			}
		}
	}
	return l
}

// counterpart returns client_golang's type for a type of ours that differs from it, or nil.
func (l *libraries) counterpart(t types.Type) *types.TypeName {
	if named, ok := types.Unalias(t).(*types.Named); ok {
		return l.counterparts[named.Obj()]
	}
	return nil
}

// isOurs and isClient report whether a package belongs to one of the libraries.
func isOurs(pkg *types.Package) bool   { return pkg != nil && isBelow(pkg.Path(), load.Root) }
func isClient(pkg *types.Package) bool { return pkg != nil && isBelow(pkg.Path(), load.ClientRoot) }

// isBelow reports whether a path denotes a package of the library with this root that both libraries
// have.
func isBelow(path, root string) bool {
	below, ok := strings.CutPrefix(path, root)
	return ok && isShared(below)
}

func isShared(below string) bool {
	for _, shared := range load.Below {
		if shared == below {
			return true
		}
	}
	return false
}

// readable returns the name of the type to which a readable instrument of ours is assignable without
// being identical: "Counter" for a ReadableCounter.
func readable(t types.Type) string {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || !isOurs(named.Obj().Pkg()) {
		return ""
	}
	plain, ok := strings.CutPrefix(named.Obj().Name(), "Readable")
	if !ok {
		return ""
	}
	return plain
}

// A relation describes how the type of an expression differs from the wanted type.
type relation struct {
	alike    bool // whether the types differ only in the ways below
	toClient bool // whether a type of ours should be its counterpart
	toOurs   bool // the reverse
	narrow   bool // whether a readable instrument should be a plain one
	widen    bool // the reverse
}

func (r relation) same() bool { return r == relation{alike: true} }

func (r relation) and(s relation) relation {
	return relation{r.alike && s.alike, r.toClient || s.toClient, r.toOurs || s.toOurs, r.narrow || s.narrow, r.widen || s.widen}
}

// same reports whether two types are identical. The types of a package and the types of its variant with test
// files count as identical.
func (l *libraries) same(a, b types.Type) bool { return l.relate(a, b).same() }

// relate compares two types.
func (l *libraries) relate(have, want types.Type) relation {
	return (&relater{libraries: l}).relate(have, want)
}

type relater struct {
	*libraries

	depth int
}

func (l *relater) relate(have, want types.Type) relation {
	if have == nil || want == nil {
		return relation{}
	}
	if types.Identical(have, want) {
		return relation{alike: true}
	}
	if l.depth++; l.depth > 100 { // Only interfaces without a name can be that deep.
		return relation{}
	}
	defer func() { l.depth-- }()
	have, want = types.Unalias(have), types.Unalias(want)
	switch h := have.(type) {
	case *types.Named:
		if w, ok := want.(*types.Named); ok {
			return l.named(h, w)
		}
	case *types.Pointer:
		if w, ok := want.(*types.Pointer); ok {
			return l.relate(h.Elem(), w.Elem())
		}
	case *types.Slice:
		if w, ok := want.(*types.Slice); ok {
			return l.relate(h.Elem(), w.Elem())
		}
	case *types.Array:
		if w, ok := want.(*types.Array); ok && h.Len() == w.Len() {
			return l.relate(h.Elem(), w.Elem())
		}
	case *types.Map:
		if w, ok := want.(*types.Map); ok {
			return l.relate(h.Key(), w.Key()).and(l.relate(h.Elem(), w.Elem()))
		}
	case *types.Chan:
		if w, ok := want.(*types.Chan); ok && (h.Dir() == w.Dir() || h.Dir() == types.SendRecv) {
			return l.relate(h.Elem(), w.Elem())
		}
	case *types.Signature:
		if w, ok := want.(*types.Signature); ok && h.Variadic() == w.Variadic() {
			return l.tuple(h.Params(), w.Params()).and(l.tuple(h.Results(), w.Results()))
		}
	case *types.Struct:
		if w, ok := want.(*types.Struct); ok {
			return l.structs(h, w)
		}
	case *types.Interface:
		if w, ok := want.(*types.Interface); ok {
			return l.interfaces(h, w)
		}
	}
	return relation{}
}

func (l *relater) named(have, want *types.Named) relation {
	h, w := have.Obj(), want.Obj()
	switch {
	case l.counterparts[h] == w:
		return relation{alike: true, toClient: true}
	case l.counterparts[w] == h:
		return relation{alike: true, toOurs: true}
	case readable(have) == w.Name() && isClient(w.Pkg()):
		return relation{alike: true, narrow: true}
	case readable(want) == h.Name() && isClient(h.Pkg()):
		return relation{alike: true, widen: true}
	}
	if h.Name() != w.Name() || h.Pkg() == nil || w.Pkg() == nil || h.Pkg().Path() != w.Pkg().Path() ||
		have.TypeArgs().Len() != want.TypeArgs().Len() {
		return relation{}
	}
	result := relation{alike: true}
	for i := range have.TypeArgs().Len() {
		result = result.and(l.relate(have.TypeArgs().At(i), want.TypeArgs().At(i)))
	}
	return result
}

func (l *relater) tuple(have, want *types.Tuple) relation {
	if have.Len() != want.Len() {
		return relation{}
	}
	result := relation{alike: true}
	for i := range have.Len() {
		result = result.and(l.relate(have.At(i).Type(), want.At(i).Type()))
	}
	return result
}

func (l *relater) structs(have, want *types.Struct) relation {
	if have.NumFields() != want.NumFields() {
		return relation{}
	}
	result := relation{alike: true}
	for i := range have.NumFields() {
		h, w := have.Field(i), want.Field(i)
		if h.Name() != w.Name() || h.Embedded() != w.Embedded() || have.Tag(i) != want.Tag(i) {
			return relation{}
		}
		result = result.and(l.relate(h.Type(), w.Type()))
	}
	return result
}

func (l *relater) interfaces(have, want *types.Interface) relation {
	if have.NumMethods() != want.NumMethods() || !have.IsMethodSet() || !want.IsMethodSet() {
		return relation{}
	}
	result := relation{alike: true}
	for i := range have.NumMethods() {
		h, w := have.Method(i), want.Method(i) // Methods are sorted by name.
		if h.Name() != w.Name() {
			return relation{}
		}
		result = result.and(l.relate(h.Type(), w.Type()))
	}
	return result
}
