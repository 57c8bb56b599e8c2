// Package rewrite turns a module that uses client_golang into one that uses this library, and back.
//
// It moves the imports and type-checks the result. Where a value does not match its place, it changes
// the value, the declaration from which its type comes, or the declaration of the place. It repeats this
// until everything matches or it knows no further change.
package rewrite

import (
	"bytes"
	"go/token"
	"maps"
	"slices"

	"github.com/luxfi/metric/cmd/migrate/internal/check"
	"github.com/luxfi/metric/cmd/migrate/internal/load"
	"github.com/luxfi/metric/cmd/migrate/internal/source"
)

// maxRounds limits the number of rounds. Each type that a round changes shows the next round the values
// that depend on it, so the number of rounds is the number of steps from one end of a module to the
// other.
const maxRounds = 60

// A Result says what was done and what could not be done.
type Result struct {
	Files    map[string]*source.File // all files of the module, by path
	Imports  int                     // imports that were moved
	Done     []Entry
	Notes    []Entry // code that compiles and may need review
	Problems []check.Problem

	// Before lists the module's problems with the dependency versions that this library requires, before
	// any change. If there are any, nothing else is done.
	Before []check.Problem
}

// Changed returns the changed files, in the order of their paths.
func (r *Result) Changed() []*source.File {
	var changed []*source.File
	for _, path := range slices.Sorted(maps.Keys(r.Files)) {
		if f := r.Files[path]; f.Changed() {
			changed = append(changed, f)
		}
	}
	return changed
}

// Run migrates a module, or reverts a migration. It treats the strays without type-checking them.
func Run(m *load.Module, graphs []*load.Graph, strays []string, revert bool) (*Result, error) {
	r := &Result{Files: make(map[string]*source.File)}
	for _, g := range graphs {
		for _, p := range g.Packages {
			for _, path := range p.Files {
				if err := r.add(path, p.ReadOnly); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, path := range strays {
		if err := r.add(path, false); err != nil {
			return nil, err
		}
	}
	var checkers []*check.Checker
	for _, g := range graphs {
		fset := token.NewFileSet()
		outside, err := m.Outside(g, fset)
		if err != nil {
			return nil, err
		}
		checkers = append(checkers, check.New(g, fset, outside, r.Files))
	}
	for _, c := range checkers {
		r.Before = append(r.Before, c.Check().Problems...)
	}
	if len(r.Before) > 0 {
		return r, nil
	}
	if err := r.run(m, checkers, revert); err != nil {
		return nil, err
	}
	return r, nil
}

// run does the work, and type-checks the result.
func (r *Result) run(m *load.Module, checkers []*check.Checker, revert bool) error {
	if revert {
		r.rounds(m, checkers, (*fixer).unfixAll)
		r.rounds(m, checkers, (*fixer).foldImports)
	}
	if err := r.moveImports(revert); err != nil {
		return err
	}
	if !revert && r.Imports > 0 {
		r.rounds(m, checkers, (*fixer).fixAll)
	}
	r.rounds(m, checkers, (*fixer).removeUnusedImports)
	for _, c := range checkers {
		round := c.Check()
		r.Problems = append(r.Problems, round.Problems...)
		if !revert && r.Imports > 0 {
			r.Notes = append(r.Notes, newFixer(round, m.Path, nil).notes()...)
		}
	}
	r.Notes = unique(r.Notes)
	return nil
}

func (r *Result) add(path string, readOnly bool) error {
	if readOnly || r.Files[path] != nil {
		return nil
	}
	f, err := source.Read(path)
	if err != nil {
		return err
	}
	r.Files[path] = f
	return nil
}

func (r *Result) moveImports(revert bool) error {
	batch := &source.Batch{}
	for _, path := range slices.Sorted(maps.Keys(r.Files)) {
		f := r.Files[path]
		if !bytes.Contains(f.Text, []byte(`"`+load.ClientRoot)) && !bytes.Contains(f.Text, []byte(`"`+load.Root)) {
			continue
		}
		c, n, err := moveImports(f, revert)
		if err != nil {
			return err
		}
		r.Imports += n
		batch.Add(c)
	}
	batch.Apply()
	return nil
}

// rounds calls step for each build repeatedly, until it changes nothing.
func (r *Result) rounds(m *load.Module, checkers []*check.Checker, step func(*fixer)) {
	for range maxRounds {
		changed := false
		for _, c := range checkers {
			f := newFixer(c.Check(), m.Path, &r.Done)
			step(f)
			changed = len(f.batch.Apply()) > 0 || changed
		}
		if !changed {
			return
		}
	}
}

// unique removes entries that several builds have in common.
func unique(entries []Entry) []Entry {
	type key struct {
		path string
		line int
		text string
	}
	seen := make(map[key]bool)
	return slices.DeleteFunc(entries, func(e Entry) bool {
		k := key{e.Mark.File.Path, e.Mark.Line(), e.Text}
		defer func() { seen[k] = true }()
		return seen[k]
	})
}
