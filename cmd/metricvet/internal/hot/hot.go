// Package hot provides the analyzer that finds metrics that are made repeatedly.
package hot

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/luxfi/metric/cmd/metricvet/internal/library"
	"github.com/luxfi/metric/cmd/metricvet/internal/report"
	"github.com/luxfi/metric/cmd/metricvet/internal/shape"
)

// Analyzer reports metrics that are made per request, per scrape or per iteration.
var Analyzer = report.AddFlags(&analysis.Analyzer{
	Name: "metrichot",
	Doc: `check for metrics that are made again and again

The analyzer reports constructors in HTTP and gRPC handlers, and in what they call; in loops that register a
metric of the same name each time; and in Collect methods. The second registration fails, or the values of the
first metric are lost. A handler that makes a registry of its own, as exporters with targets do, is not reported.`,
	URL:      "https://github.com/luxfi/metric/blob/main/docs/vet.md#metrichot",
	Requires: []*analysis.Analyzer{inspect.Analyzer, shape.Analyzer},
	Run:      run,
})

type checker struct {
	*report.Reporter
	info   *types.Info
	shapes *shape.Resolver
	funcs  map[ast.Node]*function    // by declaration and literal
	byName map[*types.Func]*function // declared functions
}

// function describes a function of the package, without the function literals in it.
type function struct {
	place    place
	registry bool // whether it makes a registry, or a registerer with labels or a prefix
	calls    []*types.Func
	hot      string // handler that calls it; empty if none is known
}

// place is the context from which a function is called.
type place int

const (
	elsewhere place = iota
	perRequest
	perScrape
)

func run(pass *analysis.Pass) (any, error) {
	if !library.Reached(pass.Pkg) {
		return nil, nil
	}
	c := &checker{
		Reporter: report.New(pass), info: pass.TypesInfo, shapes: pass.ResultOf[shape.Analyzer].(*shape.Resolver),
		funcs: map[ast.Node]*function{}, byName: map[*types.Func]*function{},
	}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	c.readFunctions(root)
	c.spread()
	for cur := range root.Preorder((*ast.CallExpr)(nil)) {
		made := library.ConstructorOf(c.info, cur.Node().(*ast.CallExpr))
		if made != nil && made.Kind != library.Desc {
			c.check(cur, made)
		}
	}
	return nil, nil
}

// readFunctions finds the functions and the calls in each of them.
func (c *checker) readFunctions(root inspector.Cursor) {
	for cur := range root.Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.FuncDecl:
			f, ok := c.info.Defs[n.Name].(*types.Func)
			if !ok {
				continue
			}
			known := &function{place: placeOf(f.Name(), f.Signature())}
			c.funcs[n], c.byName[f] = known, known
		case *ast.FuncLit:
			sig, ok := c.info.TypeOf(n).(*types.Signature)
			if !ok {
				continue
			}
			known := &function{place: placeOf("", sig)}
			c.funcs[n] = known
		}
	}
	for cur := range root.Preorder((*ast.CallExpr)(nil)) {
		in := c.enclosing(cur)
		f, ok := typeutil.Callee(c.info, cur.Node().(*ast.CallExpr)).(*types.Func)
		if in == nil || !ok || guarded(cur) {
			continue
		}
		in.calls = append(in.calls, f.Origin())
		if own := library.Callee(c.info, cur.Node().(*ast.CallExpr)); library.IsFunc(own,
			"NewRegistry", "NewPedanticRegistry", "NewContextRegistry", "NewPedanticContextRegistry",
			"WrapRegistererWith", "WrapRegistererWithPrefix") {
			in.registry = true
		}
	}
}

// enclosing returns the innermost function around cur. A function literal that is called where it is
// written, without go, counts as a part of the function around it.
func (c *checker) enclosing(cur inspector.Cursor) *function {
	for outer := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if call, ok := outer.Parent().Node().(*ast.CallExpr); ok && call.Fun == outer.Node() {
			continue
		}
		return c.funcs[outer.Node()]
	}
	return nil
}

// spread marks the functions that handlers call, directly or indirectly.
func (c *checker) spread() {
	var mark func(f *function, from string)
	mark = func(f *function, from string) {
		for _, callee := range f.calls {
			if g := c.byName[callee]; g != nil && g.hot == "" && g.place == elsewhere {
				g.hot = from
				mark(g, from)
			}
		}
	}
	for n, f := range c.funcs {
		if d, ok := n.(*ast.FuncDecl); ok && f.place == perRequest {
			mark(f, d.Name.Name)
		}
	}
	for n, f := range c.funcs {
		if _, ok := n.(*ast.FuncLit); ok && f.place == perRequest {
			mark(f, "a handler")
		}
	}
}

func (c *checker) check(cur inspector.Cursor, made *library.Constructor) {
	call := cur.Node().(*ast.CallExpr)
	f := c.enclosing(cur)
	if f == nil {
		return
	}
	title := c.shapes.Made(made).Title()
	switch {
	case guarded(cur):
	case f.place == perRequest && (!f.registry || made.Registration == library.Default):
		c.At(call, "request", "%s is made for each request%s; make it once, in a variable of the package or a field of the handler",
			title, consequence(made))
		return
	case f.place == perScrape && made.Stateful() && made.Registration != library.Reused:
		c.At(call, "scrape", "%s is made for each scrape, and forgets its value; send a constant metric (MustNewConstMetric), or keep it in a field",
			title)
		return
	case f.hot != "" && made.Registration == library.Default && !f.registry:
		c.At(call, "request", "%s is made for each request, since %s leads here%s; make it once, in a variable of the package or a field",
			title, f.hot, consequence(made))
		return
	}
	c.checkLoop(cur, made, f)
}

// consequence says what happens when a metric is made for the second time.
func consequence(made *library.Constructor) string {
	switch made.Registration {
	case library.Default, library.Factory:
		return ", and the second one panics"
	default:
		return ""
	}
}

// guarded reports whether cur is reached only if something does not exist yet: whether it is in the body
// of an if statement whose condition is a negation or a comparison with nil.
func guarded(cur inspector.Cursor) bool {
	for outer := range cur.Enclosing((*ast.IfStmt)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		n, ok := outer.Node().(*ast.IfStmt)
		if !ok {
			return false
		}
		found := false
		ast.Inspect(n.Cond, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				found = found || n.Name == "nil"
			case *ast.UnaryExpr:
				found = found || n.Op == token.NOT
			}
			return true
		})
		if found {
			return true
		}
	}
	return false
}
