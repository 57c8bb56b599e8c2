package main

import "go/types"

// same reports whether a program that uses theirs can use ours: whether the types are identical except
// for types that are counterparts.
func (c *comparison) same(theirs, ours types.Type) bool {
	theirs, ours = types.Unalias(theirs), types.Unalias(ours)
	if types.Identical(theirs, ours) {
		return true
	}
	switch t := theirs.(type) {
	case *types.Named:
		return c.isCounterpart(t, ours)
	case *types.Pointer:
		o, ok := ours.(*types.Pointer)
		return ok && c.same(t.Elem(), o.Elem())
	case *types.Slice:
		o, ok := ours.(*types.Slice)
		return ok && c.same(t.Elem(), o.Elem())
	case *types.Array:
		o, ok := ours.(*types.Array)
		return ok && t.Len() == o.Len() && c.same(t.Elem(), o.Elem())
	case *types.Map:
		o, ok := ours.(*types.Map)
		return ok && c.same(t.Key(), o.Key()) && c.same(t.Elem(), o.Elem())
	case *types.Chan:
		o, ok := ours.(*types.Chan)
		return ok && t.Dir() == o.Dir() && c.same(t.Elem(), o.Elem())
	case *types.Signature:
		o, ok := ours.(*types.Signature)
		return ok && c.sameSignature(t, o, asValue)
	default:
		return false // Basic types, and literals of structs and interfaces, must be identical.
	}
}

// isCounterpart reports whether ours is our type with the name of theirs.
func (c *comparison) isCounterpart(theirs *types.Named, ours types.Type) bool {
	counterparts, ok := c.ours[theirs.Obj().Pkg()]
	if !ok || theirs.TypeArgs().Len() > 0 {
		return false
	}
	found, ok := counterparts.Scope().Lookup(theirs.Obj().Name()).(*types.TypeName)
	if !ok || !types.Identical(found.Type(), ours) {
		return false
	}
	if !found.Exported() && !c.seen[theirs.Obj()] {
		// Exported types are compared anyway.
		c.seen[theirs.Obj()] = true
		c.pending = append(c.pending, namePair{theirs.Obj(), found})
	}
	return true
}

// use is how a program can use a function. It determines how the function may differ.
type use int

const (
	asValue    use = iota // as a value, or a method of an interface: it must not differ
	asMethod              // as a method of a concrete type: results may have more methods
	asFunction            // as a declared function: it may also have an additional variadic parameter
)

// sameSignature compares functions that are used in the given way.
func (c *comparison) sameSignature(theirs, ours *types.Signature, used use) bool {
	if theirs.TypeParams().Len() > 0 || ours.TypeParams().Len() > 0 {
		return false
	}
	params := ours.Params().Len()
	if used == asFunction && ours.Variadic() && !theirs.Variadic() {
		params--
	} else if theirs.Variadic() != ours.Variadic() {
		return false
	}
	if params != theirs.Params().Len() || ours.Results().Len() != theirs.Results().Len() {
		return false
	}
	for i := range params {
		if !c.same(theirs.Params().At(i).Type(), ours.Params().At(i).Type()) {
			return false
		}
	}
	for i := range ours.Results().Len() {
		t, o := theirs.Results().At(i).Type(), ours.Results().At(i).Type()
		if !c.same(t, o) && (used == asValue || !c.extends(o, t)) {
			return false
		}
	}
	return true
}

// extends reports whether ours is an interface that embeds the interface theirs. A result of type ours
// can then be assigned wherever a result of type theirs can.
func (c *comparison) extends(ours, theirs types.Type) bool {
	o, ok := ours.Underlying().(*types.Interface)
	if _, named := types.Unalias(theirs).(*types.Named); !ok || !named || !types.IsInterface(theirs) {
		return false
	}
	for embedded := range o.EmbeddedTypes() {
		if c.same(theirs, embedded) {
			return true
		}
	}
	return false
}
