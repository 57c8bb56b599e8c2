package rewrite

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/luxfi/metric/cmd/migrate/internal/check"
	"github.com/luxfi/metric/cmd/migrate/internal/source"
)

// An Entry is a line of the report.
type Entry struct {
	Mark *source.Mark
	Text string
}

// A change is a set of edits and the lines about them in the report.
type change struct {
	source.Change

	said     []said
	visiting map[types.Object]bool // declarations that are being changed
	wraps    bool                  // whether it only wraps a value
	noBridge bool                  // whether the place deletes series, which a bridge cannot do
}

type said struct {
	file   *source.File
	offset int
	text   string
}

// mark and reset undo the additions of an attempt.
func (c *change) mark() (edits, said int)  { return c.Len(), len(c.said) }
func (c *change) reset(edits, saidLen int) { c.Truncate(edits); c.said = c.said[:saidLen] }

// fixer finds and makes the changes of one round.
type fixer struct {
	round     *check.Round
	libraries *libraries
	module    string // path of the module
	batch     *source.Batch
	entries   *[]Entry
	pkg       *check.Package

	declarations bool // whether changes that only wrap a value must wait
}

func newFixer(r *check.Round, module string, entries *[]Entry) *fixer {
	return &fixer{round: r, libraries: newLibraries(r), module: module, batch: &source.Batch{}, entries: entries}
}

func (f *fixer) newChange() *change { return &change{visiting: make(map[types.Object]bool)} }

// say adds a line to the report of a change.
func (f *fixer) say(c *change, pos token.Pos, format string, args ...any) {
	if tree := f.round.FileAt(pos); tree != nil {
		c.said = append(c.said, said{f.round.Source(tree), f.round.Offset(pos), fmt.Sprintf(format, args...)})
	}
}

// commit adds a change to the batch.
func (f *fixer) commit(c *change) {
	if f.batch.Add(&c.Change) != source.Added { // Otherwise, the next round tries again.
		return
	}
	for _, s := range c.said {
		*f.entries = append(*f.entries, Entry{s.file.Mark(s.offset), s.text})
	}
}

// attempt tries several ways of making a change, and commits the first one that works.
func (f *fixer) attempt(ways ...func(c *change) bool) bool {
	for _, way := range ways {
		if c := f.newChange(); way(c) && c.Len() > 0 {
			if !f.declarations || !c.wraps {
				f.commit(c)
			}
			return true
		}
	}
	return false
}

// typeOf returns the type of an expression. If the current package contains the expression, it returns the
// type that this package sees.
func (f *fixer) typeOf(e ast.Expr) types.Type {
	if f.pkg != nil {
		if t := f.pkg.Info.TypeOf(e); t != nil {
			return t
		}
	}
	return f.round.TypeOf(e)
}

func (f *fixer) objectOf(id *ast.Ident) types.Object {
	if f.pkg != nil {
		if o := f.pkg.Info.ObjectOf(id); o != nil {
			return o
		}
	}
	return f.round.ObjectOf(id)
}

// usedBy is like objectOf, but for the name of a type. The name of an embedded field denotes both.
func (f *fixer) usedBy(id *ast.Ident) types.Object {
	for _, p := range f.round.PackagesOf(f.round.FileAt(id.Pos())) {
		if o := p.Info.Uses[id]; o != nil {
			return o
		}
	}
	return f.objectOf(id)
}

// callee returns the object that a call's function expression denotes, and its identifier.
func (f *fixer) callee(fun ast.Expr) (types.Object, *ast.Ident) {
	switch fun := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return f.objectOf(fun), fun
	case *ast.SelectorExpr:
		return f.objectOf(fun.Sel), fun.Sel
	case *ast.IndexExpr:
		return f.callee(fun.X)
	case *ast.IndexListExpr:
		return f.callee(fun.X)
	}
	return nil, nil
}

// eachFile calls visit for every file of the module, with the largest package that contains the file.
func (f *fixer) eachFile(visit func(p *check.Package, tree *ast.File)) {
	packages := slices.Clone(f.round.Packages)
	slices.SortStableFunc(packages, func(a, b *check.Package) int { return cmp.Compare(len(b.Syntax), len(a.Syntax)) })
	seen := make(map[*ast.File]bool)
	for _, p := range packages {
		f.pkg = p
		for _, tree := range p.Syntax {
			if !seen[tree] {
				seen[tree] = true
				visit(p, tree)
			}
		}
	}
	f.pkg = nil
}
