// Package rewrite turns a module that uses client_golang into one that uses this library,
// and back.
//
// It moves the imports and type-checks the result. Where a value does not fit the place that
// it is used at, it changes the value, the declaration that its type comes from, or that of
// the place; and so on, until everything fits or nothing is left that it knows how to change.
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

// maxRounds bounds the rounds. Each type that a round changes lets the next one see those
// that depend on it, so that their number is that of the steps from one end of a module to
// the other.
const maxRounds = 60

// A Result says what was done, and what could not be done.
type Result struct {
	Files    map[string]*source.File // all files of the module, by path
	Imports  int                     // imports that were moved
	Done     []Entry
	Notes    []Entry // what compiles and may need a look
	Problems []check.Problem

	// Before are the problems that the module has with the versions that this library
	// requires, before anything is changed. Nothing is if there are any.
	Before []check.Problem
}

// Changed returns the files that were changed, in the order of their paths.
func (r *Result) Changed() []*source.File {
	var changed []*source.File
	for _, path := range slices.Sorted(maps.Keys(r.Files)) {
		if f := r.Files[path]; f.Changed() {
			changed = append(changed, f)
		}
	}
	return changed
}

// Run migrates a module, or reverts that. The strays are files to treat without
// type-checking them.
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

// run does the work, and type-checks once more.
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
	r.rounds(m, checkers, (*fixer).tidyImports)
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

// rounds calls step for each build again and again, until it changes nothing.
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

// unique removes entries that are there for several builds.
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
