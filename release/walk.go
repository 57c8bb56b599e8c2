package main

import "go/types"

// A walker finds the types of internal packages that an API exposes: as the target of an alias, or where
// an exported function, variable, field or method names them.
type walker struct {
	internal map[string]*types.Package
	seen     map[types.Type]bool
	exposed  []*types.TypeName
}

// declared visits an exported object of a package.
func (w *walker) declared(object types.Object) {
	w.visit(types.Unalias(object.Type()))
	if named, ok := types.Unalias(object.Type()).(*types.Named); ok && object.Pkg() == named.Obj().Pkg() {
		w.parts(named)
	}
}

// visit visits a type that an exported object names.
func (w *walker) visit(t types.Type) {
	t = types.Unalias(t)
	if t == nil || w.seen[t] {
		return
	}
	w.seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		w.named(t)
	case *types.Signature:
		w.tuple(t.Params())
		w.tuple(t.Results())
	case *types.Map:
		w.visit(t.Key())
		w.visit(t.Elem())
	case *types.Struct:
		w.fields(t)
	case *types.Interface:
		for method := range t.Methods() {
			w.visit(method.Type())
		}
	case interface{ Elem() types.Type }: // A pointer, slice, array or channel.
		w.visit(t.Elem())
	}
}

// named visits a type with a name. The parts of types in other packages are no part of the API.
func (w *walker) named(t *types.Named) {
	for argument := range t.TypeArgs().Types() {
		w.visit(argument)
	}
	t = t.Origin()
	name := t.Obj()
	if name.Pkg() == nil || w.internal[name.Pkg().Path()] == nil || !name.Exported() {
		return
	}
	w.exposed = append(w.exposed, name)
	w.parts(t)
}

// parts visits the exported fields and methods of a type.
func (w *walker) parts(t *types.Named) {
	w.visit(t.Underlying())
	for method := range t.Methods() {
		if method.Exported() {
			w.visit(method.Type())
		}
	}
}

func (w *walker) tuple(t *types.Tuple) {
	for v := range t.Variables() {
		w.visit(v.Type())
	}
}

func (w *walker) fields(t *types.Struct) {
	for field := range t.Fields() {
		if field.Exported() {
			w.visit(field.Type())
		}
	}
}
