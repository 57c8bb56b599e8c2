package library

import (
	"go/ast"
	"go/types"
	"regexp"
	"strings"
)

// Kind is the kind of metric that a constructor makes.
type Kind string

// Kinds of metrics. Those of instruments are the names of their types.
const (
	Counter   Kind = "Counter"
	Gauge     Kind = "Gauge"
	Histogram Kind = "Histogram"
	Summary   Kind = "Summary"
	Untyped   Kind = "Untyped"
	Info      Kind = "Info"
	StateSet  Kind = "StateSet"
	Desc      Kind = "Desc"
)

// Registration is how a new metric is registered.
type Registration int

// Ways in which a metric is registered.
const (
	Unregistered Registration = iota // by another call
	Default                          // by the constructor, with the default registerer
	Factory                          // by the constructor, with a registerer of the program
	Reused                           // by the constructor, which returns an existing metric of the same name
)

// Constructor describes a call that makes an instrument, a vector or a descriptor.
type Constructor struct {
	Kind         Kind
	Vec          bool // whether it makes a vector
	Func         bool // whether the metric calls a function during scrapes
	Registration Registration

	// arguments of the call; nil if the constructor has no such parameter
	Opts, Name, Help, Labels, ConstLabels ast.Expr
}

// Stateful reports whether the constructor makes an instrument or a vector that keeps values.
func (c *Constructor) Stateful() bool { return c.Kind != Desc && !c.Func }

var constructorName = regexp.MustCompile(
	`^New(Counter|Gauge|Histogram|Summary|Untyped|Info|StateSet|Desc)(VecOf|Vec|Func)?(In)?$`)

// ConstructorOf returns a description of call, or nil if it does not call a constructor.
func ConstructorOf(info *types.Info, call *ast.CallExpr) *Constructor {
	f := Callee(info, call)
	if f == nil {
		return nil
	}
	m := constructorName.FindStringSubmatch(f.Name())
	if m == nil || call.Ellipsis.IsValid() {
		return nil
	}
	c := &Constructor{Kind: Kind(m[1]), Vec: strings.HasPrefix(m[2], "Vec"), Func: m[2] == "Func"}
	switch recv := f.Signature().Recv(); {
	case m[3] == "In":
		c.Registration = Reused
	case recv == nil:
		if isAuto(f.Pkg().Path()) {
			c.Registration = Default
		}
	default:
		switch TypeName(recv.Type()) {
		case "v2":
		case "Factory":
			c.Registration = Factory
		case "Metrics", "FuncMetrics":
			c.Registration = Reused
		default:
			return nil
		}
	}
	c.arguments(f, call)
	return c
}

// arguments finds the parameters by their types and their order.
func (c *Constructor) arguments(f *types.Func, call *ast.CallExpr) {
	params := f.Signature().Params()
	for i := range min(params.Len(), len(call.Args)) {
		arg := call.Args[i]
		switch t := types.Unalias(params.At(i).Type()).(type) {
		case *types.Basic:
			switch {
			case t.Kind() != types.String:
			case c.Name == nil:
				c.Name = arg
			case c.Help == nil:
				c.Help = arg
			}
		case *types.Slice:
			if c.Labels == nil && (c.Vec || c.Kind == Desc) && isString(t.Elem()) {
				c.Labels = arg
			}
		case *types.Named:
			switch name := TypeName(t); {
			case strings.HasSuffix(name, "Opts"):
				c.Opts = arg
			case name == "ConstrainableLabels" && c.Labels == nil:
				c.Labels = arg
			case name == "Labels" && c.ConstLabels == nil && c.Kind == Desc:
				c.ConstLabels = arg
			}
		}
	}
}

func isString(t types.Type) bool { return types.Identical(t, types.Typ[types.String]) }
