package rewrite

import (
	"go/ast"
	"go/types"

	"github.com/luxfi/metric/cmd/migrate/internal/check"
)

// notes reports code that compiles but may now have another meaning.
func (f *fixer) notes() []Entry {
	var entries []Entry
	note := func(tree *ast.File, n ast.Node, text string) {
		entries = append(entries, Entry{f.round.Source(tree).Mark(f.round.Offset(n.Pos())), text})
	}
	f.eachFile(func(_ *check.Package, tree *ast.File) {
		asserted := func(e ast.Expr) {
			t := f.typeOf(e)
			if t == nil {
				return
			}
			if name := typeName(t); name == "MultiError" {
				note(tree, e, "Gather returns a *GatherError, not a MultiError: use errors.As, which finds both")
			} else if _, ok := f.clientType(t); ok {
				note(tree, e, "holds for a "+name+" that was made with "+importedAs(e)+", and not for one that a library has made with client_golang")
			}
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeAssertExpr:
				if n.Type != nil {
					asserted(n.Type)
				}
			case *ast.TypeSwitchStmt:
				for _, clause := range n.Body.List {
					for _, e := range clause.(*ast.CaseClause).List {
						asserted(e)
					}
				}
			}
			return true
		})
	})
	return entries
}

// typeName returns the name of a library's type, or of the type that a pointer points to.
func typeName(t types.Type) string {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return typeName(p.Elem())
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && (isOurs(named.Obj().Pkg()) || isClient(named.Obj().Pkg())) {
		return named.Obj().Name()
	}
	return ""
}

func importedAs(e ast.Expr) string {
	text := "this library"
	ast.Inspect(e, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok {
				text = "this " + id.Name
			}
		}
		return true
	})
	return text
}
