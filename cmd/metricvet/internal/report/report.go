// Package report handles the findings of all analyzers.
package report

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// ignore begins a comment that suppresses the findings on its line, on the next line if it stands alone,
// or in the whole file if it comes before the package clause. A reason must follow.
const ignore = "//metricvet:ignore "

// testsFlag is the name of the flag that makes an analyzer check tests.
const testsFlag = "tests"

// AddFlags adds the flags that all analyzers have.
func AddFlags(a *analysis.Analyzer) *analysis.Analyzer {
	a.Flags.Bool(testsFlag, false, "check _test.go files, too")
	return a
}

// Reporter reports the findings of an analyzer's pass, except those that are suppressed.
type Reporter struct {
	pass   *analysis.Pass
	tests  bool
	silent map[line]bool
	files  map[string]bool // files in which everything is suppressed
}

type line struct {
	file   string
	number int
}

// New returns a reporter for a pass.
func New(pass *analysis.Pass) *Reporter {
	r := &Reporter{pass: pass, silent: map[line]bool{}, files: map[string]bool{}}
	if f := pass.Analyzer.Flags.Lookup(testsFlag); f != nil {
		r.tests = f.Value.String() == "true"
	}
	for _, file := range pass.Files {
		r.readComments(file)
	}
	return r
}

func (r *Reporter) readComments(file *ast.File) {
	for _, group := range file.Comments {
		for _, c := range group.List {
			reason, ok := strings.CutPrefix(c.Text, ignore)
			if !ok || strings.TrimSpace(reason) == "" {
				continue
			}
			p := r.pass.Fset.Position(c.Pos())
			r.silent[line{p.Filename, p.Line}] = true
			if c.Pos() < file.Package {
				r.files[p.Filename] = true
			}
			if r.startsLine(p) {
				r.silent[line{p.Filename, r.pass.Fset.Position(group.End()).Line + 1}] = true
			}
		}
	}
}

// startsLine reports whether the comment at p is the first thing on its line.
func (r *Reporter) startsLine(p token.Position) bool {
	text, err := r.pass.ReadFile(p.Filename)
	if err != nil || p.Offset > len(text) {
		return false
	}
	before := text[:p.Offset]
	return len(bytes.TrimSpace(before[bytes.LastIndexByte(before, '\n')+1:])) == 0
}

// Checked reports whether the file of pos must be checked.
func (r *Reporter) Checked(pos token.Pos) bool {
	return r.tests || !strings.HasSuffix(r.pass.Fset.Position(pos).Filename, "_test.go")
}

// At reports a finding about a node.
func (r *Reporter) At(n ast.Node, category, format string, args ...any) {
	r.Fix(n, category, nil, format, args...)
}

// Fix reports a finding about a node, with fixes.
func (r *Reporter) Fix(n ast.Node, category string, fixes []analysis.SuggestedFix, format string, args ...any) {
	p := r.pass.Fset.Position(n.Pos())
	end := r.pass.Fset.Position(n.End())
	if !r.Checked(n.Pos()) || r.files[p.Filename] || r.silent[line{p.Filename, p.Line}] || r.silent[line{p.Filename, end.Line}] {
		return
	}
	r.pass.Report(analysis.Diagnostic{
		Pos: n.Pos(), End: n.End(),
		Category:       category,
		Message:        fmt.Sprintf(format, args...),
		SuggestedFixes: fixes,
	})
}
