package rewrite

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"github.com/luxfi/metric/cmd/migrate/internal/check"
	"github.com/luxfi/metric/cmd/migrate/internal/load"
)

// unfixAll undoes the changes of fixAll. The remaining code uses our import names, so that only the
// imports remain to be moved.
func (f *fixer) unfixAll() {
	f.eachFile(func(_ *check.Package, tree *ast.File) {
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				f.attempt(func(c *change) bool { return f.unbridge(c, n) }, func(c *change) bool { return f.unconvert(c, n) },
					func(c *change) bool { return f.unwrapResults(c, n) }, func(c *change) bool { return f.unregister(c, n) })
			case *ast.FuncLit:
				f.attempt(func(c *change) bool { return f.unliteral(c, n) })
			case *ast.BlockStmt:
				f.undeclare(n.List)
			case *ast.CaseClause:
				f.undeclare(n.Body)
			case *ast.CommClause:
				f.undeclare(n.Body)
			}
			return true
		})
	})
}

// unwrap removes the source around a part of an expression.
func (f *fixer) unwrap(c *change, whole, part ast.Node) bool {
	file := f.round.Source(f.round.FileAt(whole.Pos()))
	c.Replace(file, f.round.Offset(whole.Pos()), f.round.Offset(part.Pos()), "")
	c.Replace(file, f.round.Offset(part.End()), f.round.Offset(whole.End()), "")
	return true
}

// unbridge removes a bridge.
func (f *fixer) unbridge(c *change, e *ast.CallExpr) bool {
	object, _ := f.callee(e.Fun)
	function, ok := object.(*types.Func)
	if !ok || !isOurs(function.Pkg()) || len(e.Args) != 1 || !strings.HasPrefix(function.Name(), "Bridge") ||
		!strings.HasSuffix(function.Name(), "Vec") || function.Signature().Recv() != nil {
		return false
	}
	f.say(c, e.Pos(), "bridge removed")
	return f.unwrap(c, e, e.Args[0])
}

// unconvert removes a conversion that client_golang does not need.
func (f *fixer) unconvert(c *change, e *ast.CallExpr) bool {
	object, id := f.callee(e.Fun)
	if _, ok := object.(*types.TypeName); !ok || len(e.Args) != 1 {
		return false
	}
	have, want := f.typeOf(e.Args[0]), f.typeOf(e)
	_, isName := types.Unalias(want).(*types.Named)
	rel := f.libraries.relate(have, want)
	if !isName || !rel.alike || !rel.narrow && !rel.toClient || isPointer(have) {
		return false
	}
	f.say(c, e.Pos(), "conversion to %s removed", id.Name)
	return f.unwrap(c, e, e.Args[0])
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// returnedCall returns the call if a function literal does nothing but return its results.
func returnedCall(lit *ast.FuncLit) *ast.CallExpr {
	if len(lit.Body.List) != 1 {
		return nil
	}
	ret, ok := lit.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return nil
	}
	call, _ := ret.Results[0].(*ast.CallExpr)
	return call
}

// unwrapResults removes a function literal that is called where it is written, and that only changes the
// types of a call's results.
func (f *fixer) unwrapResults(c *change, e *ast.CallExpr) bool {
	lit, ok := e.Fun.(*ast.FuncLit)
	if !ok || len(e.Args) > 0 || len(lit.Type.Params.List) > 0 {
		return false
	}
	call := returnedCall(lit)
	if call == nil || !f.isForClient(f.typeOf(call), f.typeOf(e)) {
		return false
	}
	f.say(c, e.Pos(), "function literal removed")
	return f.unwrap(c, e, call)
}

// isForClient reports whether types differ only because they are ours.
func (f *fixer) isForClient(have, want types.Type) bool {
	h, isTuple := have.(*types.Tuple)
	w, alsoTuple := want.(*types.Tuple)
	if isTuple && alsoTuple {
		have, want = types.NewSignatureType(nil, nil, nil, h, nil, false), types.NewSignatureType(nil, nil, nil, w, nil, false)
	}
	rel := f.libraries.relate(have, want)
	return rel.alike && rel.narrow
}

// unliteral removes a function literal that only passes its parameters on.
func (f *fixer) unliteral(c *change, e *ast.FuncLit) bool {
	call := returnedCall(e)
	if call == nil || !f.isForClient(f.typeOf(call.Fun), f.typeOf(e)) {
		return false
	}
	var names []string
	for _, field := range e.Type.Params.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	if len(names) != len(call.Args) || len(names) == 0 {
		return false
	}
	for i, arg := range call.Args {
		if id, ok := arg.(*ast.Ident); !ok || id.Name != names[i] {
			return false
		}
	}
	f.say(c, e.Pos(), "function literal removed")
	return f.unwrap(c, e, call.Fun)
}

// unregister turns clientpromauto.With(prometheus.DefaultRegisterer).NewX into promauto.NewX.
func (f *fixer) unregister(c *change, e *ast.CallExpr) bool {
	method, ok := e.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	with, ok := method.X.(*ast.CallExpr)
	if !ok || len(with.Args) != 1 {
		return false
	}
	function, name := f.callee(with.Fun)
	selector, ok := with.Fun.(*ast.SelectorExpr)
	if !ok || function == nil || !isClient(function.Pkg()) || name.Name != "With" {
		return false
	}
	pkg, ok := selector.X.(*ast.Ident)
	argument, _ := f.callee(with.Args[0])
	if !ok || !kept.MatchString(pkg.Name) || argument == nil || !isOurs(argument.Pkg()) || argument.Name() != "DefaultRegisterer" {
		return false
	}
	file := f.round.Source(f.round.FileAt(e.Pos()))
	c.Replace(file, f.round.Offset(selector.Sel.Pos()), f.round.Offset(method.Sel.Pos()), "")
	return true
}

// undeclare removes declarations of variables that the next statement can define.
func (f *fixer) undeclare(list []ast.Stmt) {
	for i, stmt := range list {
		decl, ok := stmt.(*ast.DeclStmt)
		if !ok || i+1 == len(list) {
			continue
		}
		gen, ok := decl.Decl.(*ast.GenDecl)
		if !ok || len(gen.Specs) != 1 {
			continue
		}
		spec, ok := gen.Specs[0].(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || len(spec.Values) > 0 || spec.Type == nil {
			continue
		}
		next, ok := list[i+1].(*ast.AssignStmt)
		if !ok || next.Tok.String() != ":=" || len(next.Rhs) != 1 || f.round.Line(next.Pos()) != f.round.Line(stmt.End())+1 {
			continue
		}
		index := slices.IndexFunc(next.Lhs, func(e ast.Expr) bool {
			id, ok := e.(*ast.Ident)
			return ok && id.Name == spec.Names[0].Name
		})
		tuple, ok := f.typeOf(next.Rhs[0]).(*types.Tuple)
		if index < 0 || !ok || !f.isForClient(tuple.At(index).Type(), f.typeOf(spec.Type)) {
			continue
		}
		f.attempt(func(c *change) bool {
			file := f.round.Source(f.round.FileAt(stmt.Pos()))
			from, to := wholeLine(file, f.round.Offset(stmt.Pos()), f.round.Offset(stmt.End()))
			c.Replace(file, from, to, "")
			f.say(c, next.Pos(), "declaration of %s removed", spec.Names[0].Name)
			return true
		})
	}
}

// foldImports replaces the names of client_golang imports that a migration has added by the names of our
// imports of the same packages, or by the packages' own names.
func (f *fixer) foldImports() {
	f.eachFile(func(_ *check.Package, tree *ast.File) {
		for _, spec := range tree.Imports {
			below, ok := strings.CutPrefix(importPath(spec), load.ClientRoot)
			if !ok || !isShared(below) || spec.Name == nil || !kept.MatchString(spec.Name.Name) {
				continue
			}
			f.attempt(func(c *change) bool { return f.foldImport(c, tree, spec, below) })
		}
	})
}

func (f *fixer) foldImport(c *change, tree *ast.File, spec *ast.ImportSpec, below string) bool {
	client := f.libraries.client[below]
	if client == nil {
		return false
	}
	name := client.Name()
	for _, other := range tree.Imports {
		if importPath(other) != load.Root+below || other.Name != nil && other.Name.Name == "_" {
			continue
		}
		if other.Name != nil && other.Name.Name == "." {
			f.removeImport(c, tree, spec)
			return f.unqualify(c, tree, spec.Name)
		}
		// the name that the import will have
		if other.Name != nil {
			name = other.Name.Name
		} else if below == "" {
			name = "metric"
		}
		f.removeImport(c, tree, spec)
		return f.renameUses(c, tree, spec.Name, name)
	}
	if f.isTaken(tree, name) {
		return false
	}
	file := f.round.Source(tree)
	c.Replace(file, f.round.Offset(spec.Pos()), f.round.Offset(spec.Path.End()), spec.Path.Value)
	return f.renameUsesFreely(c, tree, spec.Name, name)
}

// unqualify removes the name of an import where it is used.
func (f *fixer) unqualify(c *change, tree *ast.File, name *ast.Ident) bool {
	object := f.objectOf(name)
	ast.Inspect(tree, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := selector.X.(*ast.Ident); ok && f.objectOf(id) == object {
			c.Replace(f.round.Source(tree), f.round.Offset(id.Pos()), f.round.Offset(selector.Sel.Pos()), "")
		}
		return true
	})
	return true
}

// renameUsesFreely is like renameUses, but for a name that the file does not use yet.
func (f *fixer) renameUsesFreely(c *change, tree *ast.File, old *ast.Ident, name string) bool {
	object := f.objectOf(old)
	ast.Inspect(tree, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id != old && f.objectOf(id) == object {
			c.Replace(f.round.Source(tree), f.round.Offset(id.Pos()), f.round.Offset(id.End()), name)
		}
		return true
	})
	return true
}
