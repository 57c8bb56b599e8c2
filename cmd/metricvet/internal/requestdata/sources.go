package requestdata

import (
	"go/ast"
	"go/types"
	"regexp"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

var (
	requestPath = source{category: "path", what: "the path of a request, which a client chooses",
		advice: "use its route, r.Pattern"}
	requestQuery = source{category: "query", what: "a part of the query or the form of a request, which a client chooses",
		advice: "use one of a fixed set of values"}
	requestMethod = source{category: "method", what: "the method of a request, which may be any word",
		advice: "use promhttp's instrumentation, or replace unknown methods by one value"}
	requestHeader = source{category: "header", what: "a header of a request, which a client chooses",
		advice: "use one of a fixed set of values"}
	requestHost = source{category: "host", what: "the host that a client has asked for",
		advice: "use one of the hosts that you serve"}
	clientAddress = source{category: "address", what: "the address of a client",
		advice: "leave the label out, and log the address"}
	errorText = source{category: "error", what: "the text of an error, which may contain anything",
		advice: "use a class of errors, such as timeout or refused"}
	currentTime = source{category: "time", what: "the current time, which is never the same twice",
		advice: "use the value of a gauge"}
	identifier = source{category: "id", what: "an identifier, which can have any number of values",
		advice: "leave the label out, and log it or add it as an exemplar"}
)

// requestFields maps fields of http.Request to sources.
var requestFields = map[string]source{
	"RequestURI": requestPath, "RemoteAddr": clientAddress, "Host": requestHost, "Method": requestMethod,
}

// urlMembers maps fields and methods of a request's URL to sources.
var urlMembers = map[string]source{
	"Path": requestPath, "RawPath": requestPath, "String": requestPath, "EscapedPath": requestPath,
	"RequestURI": requestPath, "RawQuery": requestQuery, "RawFragment": requestQuery, "Redacted": requestPath,
}

// calls maps the full names of functions and methods to sources.
var calls = map[string]source{
	"(*net/http.Request).UserAgent":     requestHeader,
	"(*net/http.Request).Referer":       requestHeader,
	"(*net/http.Request).FormValue":     requestQuery,
	"(*net/http.Request).PostFormValue": requestQuery,
	"(*net/http.Request).PathValue":     requestPath,

	"github.com/go-chi/chi/v5.URLParam":                requestPath,
	"(*github.com/gin-gonic/gin.Context).Param":        requestPath,
	"(*github.com/gin-gonic/gin.Context).Query":        requestQuery,
	"(*github.com/gin-gonic/gin.Context).PostForm":     requestQuery,
	"(*github.com/gin-gonic/gin.Context).GetHeader":    requestHeader,
	"(*github.com/gin-gonic/gin.Context).ClientIP":     clientAddress,
	"(github.com/labstack/echo/v4.Context).Param":      requestPath,
	"(github.com/labstack/echo/v4.Context).QueryParam": requestQuery,
	"(github.com/labstack/echo/v4.Context).FormValue":  requestQuery,
	"(github.com/labstack/echo/v4.Context).RealIP":     clientAddress,
	"(*github.com/gofiber/fiber/v2.Ctx).Path":          requestPath,
	"(*github.com/gofiber/fiber/v2.Ctx).OriginalURL":   requestPath,
	"(*github.com/gofiber/fiber/v2.Ctx).Params":        requestPath,
	"(*github.com/gofiber/fiber/v2.Ctx).Query":         requestQuery,
	"(*github.com/gofiber/fiber/v2.Ctx).IP":            clientAddress,
	"github.com/google/uuid.NewString":                 identifier,
	"(github.com/google/uuid.UUID).String":             identifier,
	"(github.com/gofrs/uuid.UUID).String":              identifier,
	"(github.com/gofrs/uuid/v5.UUID).String":           identifier,
	"(github.com/satori/go.uuid.UUID).String":          identifier,
}

// identifiers matches names of unbounded strings and numbers. It does not match tenants, customers and
// accounts, because these are often few, and useful as labels.
var identifiers = regexp.MustCompile(
	`(?i)^(user|request|req|session|trace|span|message|msg|transaction|correlation|order)_?(id|uuid)$`)

// sourceOf returns the source that e itself is, or nil.
func (t *trace) sourceOf(e ast.Expr) *source {
	s, ok := t.find(e)
	if !ok || s.category == "" {
		return nil
	}
	if !t.server && (s.category == "method" || s.category == "host") {
		return nil // A client sets these itself.
	}
	return &s
}

func (t *trace) find(e ast.Expr) (s source, ok bool) {
	switch e := e.(type) {
	case *ast.Ident:
		return t.identifier(e)
	case *ast.SelectorExpr:
		switch {
		case t.isRequest(e.X):
			s, ok = requestFields[e.Sel.Name]
		case t.isURL(e.X):
			s, ok = urlMembers[e.Sel.Name]
		case e.Sel.Name == "Value" && t.isCookie(e.X):
			return requestHeader, true
		}
		if ok {
			return s, true
		}
		return t.identifier(e.Sel)
	case *ast.IndexExpr:
		if sel, ok := ast.Unparen(e.X).(*ast.SelectorExpr); ok && sel.Sel.Name == "Header" && t.isRequest(sel.X) {
			return requestHeader, true
		}
		if call, ok := ast.Unparen(e.X).(*ast.CallExpr); ok && t.fullName(call) == "github.com/gorilla/mux.Vars" {
			return requestPath, true
		}
	case *ast.CallExpr:
		return t.findCall(e)
	}
	return source{}, false
}

func (t *trace) findCall(call *ast.CallExpr) (source, bool) {
	name := t.fullName(call)
	if s, ok := calls[name]; ok {
		return s, true
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return source{}, false
	}
	switch {
	case name == "(error).Error":
		return errorText, true
	case t.isURL(sel.X):
		s, ok := urlMembers[sel.Sel.Name]
		return s, ok
	case strings.HasPrefix(name, "(net/http.Header)."):
		if header, ok := ast.Unparen(sel.X).(*ast.SelectorExpr); ok && header.Sel.Name == "Header" && t.isRequest(header.X) {
			return requestHeader, true
		}
	case name == "(net/url.Values).Get":
		return requestQuery, t.isForm(sel.X)
	case strings.HasPrefix(name, "(time.Time)."):
		return currentTime, t.isNow(sel.X)
	}
	return source{}, false
}

// isForm reports whether e is the query or the form of a request, or a variable that holds it.
func (t *trace) isForm(e ast.Expr) bool {
	e = t.held(e)
	switch e := e.(type) {
	case *ast.CallExpr:
		sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Query" && t.isURL(sel.X)
	case *ast.SelectorExpr:
		return (e.Sel.Name == "Form" || e.Sel.Name == "PostForm") && t.isRequest(e.X)
	}
	return false
}

// isCookie reports whether e is a variable that holds a cookie of a request.
func (t *trace) isCookie(e ast.Expr) bool {
	v := t.flow.VarOf(e)
	if v == nil || typeName(v.Type()) != "net/http.Cookie" {
		return false
	}
	for _, s := range t.flow.Variable(v).Sources {
		if call, ok := s.Expr.(*ast.CallExpr); ok && t.fullName(call) == "(*net/http.Request).Cookie" {
			return true
		}
	}
	return false
}

// isNow reports whether e is time.Now(), or a variable that holds it.
func (t *trace) isNow(e ast.Expr) bool {
	for range maxDepth {
		call, ok := t.held(e).(*ast.CallExpr)
		if !ok {
			return false
		}
		name := t.fullName(call)
		if name == "time.Now" {
			return true
		}
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok || name != "(time.Time).UTC" && name != "(time.Time).Local" && name != "(time.Time).In" {
			return false
		}
		e = sel.X
	}
	return false
}

// held returns the value of the variable e, or e if that is unknown.
func (t *trace) held(e ast.Expr) ast.Expr {
	e = ast.Unparen(e)
	if v := t.flow.VarOf(e); v != nil {
		if only := t.flow.Only(v); only != nil {
			return ast.Unparen(only)
		}
	}
	return e
}

// identifier recognizes variables and fields by their names.
func (t *trace) identifier(id *ast.Ident) (source, bool) {
	v, ok := t.info.ObjectOf(id).(*types.Var)
	if !ok || !identifiers.MatchString(id.Name) {
		return source{}, false
	}
	basic, ok := v.Type().Underlying().(*types.Basic)
	if !ok || basic.Info()&(types.IsString|types.IsInteger) == 0 {
		return source{}, false
	}
	return identifier, true
}

func (t *trace) fullName(call *ast.CallExpr) string {
	f, ok := typeutil.Callee(t.info, call).(*types.Func)
	if !ok {
		return ""
	}
	return f.FullName()
}
