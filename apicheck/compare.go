package main

import (
	"cmp"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
)

// finding is an identifier that our API lacks or declares differently.
type finding struct {
	key     string // package.Name or package.Name.Member
	what    string
	missing bool
}

// comparison compares client_golang's packages ("theirs") with our packages.
type comparison struct {
	ours map[*types.Package]*types.Package // by their counterparts

	findings  []finding
	compared  int
	identical int

	pending []namePair // unexported types of exported identifiers; they have exported members
	seen    map[*types.TypeName]bool
}

// namePair is one of their types and its counterpart.
type namePair struct{ theirs, ours *types.TypeName }

func newComparison() *comparison {
	return &comparison{ours: make(map[*types.Package]*types.Package), seen: make(map[*types.TypeName]bool)}
}

// pair makes the types in ours the counterparts of the types with the same names in theirs.
func (c *comparison) pair(theirs, ours *types.Package) { c.ours[theirs] = ours }

// comparePackage compares all exported identifiers of one of their packages.
func (c *comparison) comparePackage(theirs *types.Package) {
	ours := c.ours[theirs].Scope()
	for _, name := range theirs.Scope().Names() { // sorted
		if !token.IsExported(name) {
			continue
		}
		c.compared++
		key := theirs.Name() + "." + name
		if found := ours.Lookup(name); found != nil {
			c.compareObjects(key, theirs.Scope().Lookup(name), found)
		} else {
			c.missing(key, "missing")
		}
	}
	for len(c.pending) > 0 {
		p := c.pending[0]
		c.pending = c.pending[1:]
		c.compareTypes(theirs.Name()+"."+p.theirs.Name(), p.theirs.Type(), p.ours.Type())
	}
}

func (c *comparison) missing(key, what string) {
	c.findings = append(c.findings, finding{key, what, true})
}

func (c *comparison) different(key, format string, args ...any) {
	c.findings = append(c.findings, finding{key, fmt.Sprintf(format, args...), false})
}

// compareObjects compares two package-level identifiers with the same name.
func (c *comparison) compareObjects(key string, theirs, ours types.Object) {
	switch t := theirs.(type) {
	case *types.Const:
		o, ok := ours.(*types.Const)
		switch {
		case !ok:
			c.different(key, "not a constant")
		case !constant.Compare(t.Val(), token.EQL, o.Val()):
			c.different(key, "%v instead of %v", o.Val(), t.Val())
		default:
			c.compareUse(key, t.Type(), o.Type())
		}
	case *types.Var:
		if _, ok := ours.(*types.Var); !ok {
			c.different(key, "not a variable")
			return
		}
		c.compareUse(key, t.Type(), ours.Type())
	case *types.Func:
		o, ok := ours.(*types.Func)
		switch {
		case !ok:
			c.different(key, "not a function")
		case !c.sameSignature(t.Signature(), o.Signature(), asFunction):
			c.different(key, "%s instead of %s", short(o.Type()), short(t.Type()))
		}
	case *types.TypeName:
		if _, ok := ours.(*types.TypeName); !ok {
			c.different(key, "not a type")
			return
		}
		c.compareTypes(key, t.Type(), ours.Type())
	}
}

// compareUse compares the types of identifiers that a program can use, such as variables and fields.
func (c *comparison) compareUse(key string, theirs, ours types.Type) {
	if !c.same(theirs, ours) {
		c.different(key, "%s instead of %s", short(ours), short(theirs))
	}
}

// compareTypes compares two types with their fields and methods.
func (c *comparison) compareTypes(key string, theirs, ours types.Type) {
	if types.Identical(theirs, ours) {
		c.identical++
		return
	}
	if token.IsExported(key[strings.LastIndexByte(key, '.')+1:]) {
		c.different(key, "a type of our own, not an alias")
	}
	switch t := theirs.Underlying().(type) {
	case *types.Struct:
		o, ok := ours.Underlying().(*types.Struct)
		if !ok {
			c.different(key, "not a struct")
			return
		}
		c.compareFields(key, t, o)
	case *types.Interface:
		if !types.IsInterface(ours) {
			c.different(key, "not an interface")
			return
		}
		c.compareMethods(key, theirs, ours)
		c.findExtraMethods(key, theirs, ours)
		return
	default:
		if !c.same(t, ours.Underlying()) {
			c.different(key, "%s instead of %s", short(ours.Underlying()), short(t))
		}
	}
	c.compareMethods(key, theirs, ours)
	c.compareMethods(key, types.NewPointer(theirs), types.NewPointer(ours))
}

func (c *comparison) compareFields(key string, theirs, ours *types.Struct) {
	fields := make(map[string]*types.Var)
	for f := range ours.Fields() {
		if f.Exported() {
			fields[f.Name()] = f
		}
	}
	for t := range theirs.Fields() {
		if !t.Exported() {
			continue
		}
		o, ok := fields[t.Name()]
		delete(fields, t.Name())
		switch key := key + "." + t.Name(); {
		case !ok:
			c.missing(key, "missing field")
		case o.Embedded() != t.Embedded():
			c.different(key, "only one of the two is embedded")
		default:
			c.compareUse(key, t.Type(), o.Type())
		}
	}
	for _, name := range sortedKeys(fields) {
		c.different(key+"."+name, "an additional field")
	}
}

// compareMethods compares the methods of theirs, including those promoted from embedded fields.
func (c *comparison) compareMethods(key string, theirs, ours types.Type) {
	methods := types.NewMethodSet(ours)
	for m := range types.NewMethodSet(theirs).Methods() {
		if !m.Obj().Exported() {
			continue
		}
		key := key + "." + m.Obj().Name()
		if slices.ContainsFunc(c.findings, func(f finding) bool { return f.key == key }) {
			continue // The loop has already found the method without the pointer.
		}
		found := methods.Lookup(nil, m.Obj().Name())
		if found == nil {
			c.missing(key, "missing method")
			continue
		}
		t, o := m.Type().(*types.Signature), found.Type().(*types.Signature)
		used := asMethod
		if types.IsInterface(theirs) {
			used = asValue
		}
		if !c.sameSignature(t, o, used) {
			c.different(key, "%s instead of %s", short(o), short(t))
		}
	}
}

// findExtraMethods finds methods of an interface that values of theirs lack.
func (c *comparison) findExtraMethods(key string, theirs, ours types.Type) {
	methods := types.NewMethodSet(theirs)
	for m := range types.NewMethodSet(ours).Methods() {
		if methods.Lookup(m.Obj().Pkg(), m.Obj().Name()) == nil {
			c.different(key+"."+m.Obj().Name(), "an additional method")
		}
	}
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// short prints a type with package names instead of their paths.
func short(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return path.Base(p.Path()) })
}
