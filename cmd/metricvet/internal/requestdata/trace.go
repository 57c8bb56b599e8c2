package requestdata

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// source is the origin of a label value.
type source struct {
	category string
	what     string // such as "the path of a request"
	advice   string
	expr     ast.Expr
}

// trace follows a value back to its origin.
type trace struct {
	*checker
	server bool         // whether a request is handled rather than made
	vars   []*types.Var // variables on the way
}

const maxDepth = 20

// follow returns the source of a value, or nil if it finds no unbounded source.
func (t *trace) follow(e ast.Expr, depth int) *source {
	if e == nil || depth > maxDepth {
		return nil
	}
	e = ast.Unparen(e)
	if t.info.Types[e].Value != nil {
		return nil
	}
	if s := t.sourceOf(e); s != nil {
		s.expr = e
		return s
	}
	switch e := e.(type) {
	case *ast.Ident:
		return t.followVariable(e, depth)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return t.any(depth, e.X, e.Y)
		}
	case *ast.SliceExpr:
		return t.follow(e.X, depth+1)
	case *ast.IndexExpr:
		if tv := t.info.TypeOf(e.X); tv != nil {
			if _, ok := tv.Underlying().(*types.Slice); ok {
				return t.follow(e.X, depth+1)
			}
		}
	case *ast.CallExpr:
		return t.followCall(e, depth)
	}
	return nil
}

func (t *trace) any(depth int, list ...ast.Expr) *source {
	for _, e := range list {
		if s := t.follow(e, depth+1); s != nil {
			return s
		}
	}
	return nil
}

// followVariable follows a variable that is assigned once. If a variable is assigned more often, the
// program has probably replaced an unbounded first value.
func (t *trace) followVariable(id *ast.Ident, depth int) *source {
	v, ok := t.info.ObjectOf(id).(*types.Var)
	if !ok {
		return nil
	}
	s := t.follow(t.flow.Only(v), depth+1)
	if s != nil {
		t.vars = append(t.vars, v)
	}
	return s
}

// transparent lists functions whose results are as unbounded as their arguments.
var transparent = map[string]bool{
	"fmt.Sprint": true, "fmt.Sprintf": true, "fmt.Sprintln": true,
	"path.Clean": true, "path.Join": true, "path.Dir": true, "path.Base": true,
	"net/url.PathEscape": true, "net/url.QueryEscape": true,
	"strconv.Itoa": true, "strconv.FormatInt": true, "strconv.FormatUint": true, "strconv.Quote": true,
	"strings.ToLower": true, "strings.ToUpper": true, "strings.TrimSpace": true, "strings.Trim": true,
	"strings.TrimLeft": true, "strings.TrimRight": true, "strings.TrimPrefix": true, "strings.TrimSuffix": true,
	"strings.Replace": true, "strings.ReplaceAll": true, "strings.Split": true, "strings.SplitN": true,
	"strings.Fields": true, "strings.Clone": true, "strings.ToValidUTF8": true, "strings.Join": true,
}

func (t *trace) followCall(call *ast.CallExpr, depth int) *source {
	if t.info.Types[call.Fun].IsType() {
		return t.any(depth, call.Args...)
	}
	f, ok := typeutil.Callee(t.info, call).(*types.Func)
	if !ok {
		return nil
	}
	if transparent[f.FullName()] {
		if strings.HasPrefix(f.FullName(), "fmt.") {
			if s := t.printedError(call); s != nil {
				return s
			}
		}
		return t.any(depth, call.Args...)
	}
	return nil
}

// printedError returns a source if one of the arguments of fmt.Sprint or the like is an error.
func (t *trace) printedError(call *ast.CallExpr) *source {
	for _, arg := range call.Args {
		if t.isError(arg) {
			s := errorText
			s.expr = arg
			return &s
		}
	}
	return nil
}

func (t *trace) isError(e ast.Expr) bool {
	tv := t.info.TypeOf(e)
	return tv != nil && types.Identical(tv, types.Universe.Lookup("error").Type())
}

// isRequest reports whether e is a request of net/http.
func (t *trace) isRequest(e ast.Expr) bool { return typeName(t.info.TypeOf(e)) == "net/http.Request" }

// isURL reports whether e is the URL of a request, or a variable that holds it.
func (t *trace) isURL(e ast.Expr) bool {
	for range maxDepth {
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			return x.Sel.Name == "URL" && t.isRequest(x.X)
		case *ast.Ident:
			v, ok := t.info.ObjectOf(x).(*types.Var)
			if !ok {
				return false
			}
			if e = t.flow.Only(v); e == nil {
				return false
			}
		default:
			return false
		}
	}
	return false
}

// typeName returns the full name of a type, or of the type that a pointer points to.
func typeName(t types.Type) string {
	if t == nil {
		return ""
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	return n.Obj().Pkg().Path() + "." + n.Obj().Name()
}
