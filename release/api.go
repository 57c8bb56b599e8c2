package main

import (
	"context"
	"fmt"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"
)

// checkAPI compares the API of each published module with the API of its last release. Changes that break
// programs need a version that says so.
func checkAPI(ctx context.Context, r *report, c *clone, all modules, tags []string, version, work string) error {
	last := func(m *mod) string { return lastRelease(m, tags, version) }
	if first := slices.DeleteFunc(all.publishedOnes(), func(m *mod) bool { return last(m) != "" }); len(first) > 0 {
		r.note("no tag of an earlier %s version, so the API is compared with nothing: %s", semver.Major(version), first.dirs())
	}
	bases := all.atVersions(last)
	if len(bases) == 0 {
		return nil
	}
	dir := filepath.Join(work, "last")
	if err := c.tools.program(ctx, dir, bases); err != nil {
		return fmt.Errorf("getting the last versions: %w", err)
	}
	before, err := loadAPI(ctx, c.tools, dir, all[0].path)
	if err != nil {
		return err
	}
	after, err := loadAPI(ctx, c.tools, filepath.Join(work, "next"), all[0].path)
	if err != nil {
		return err
	}
	compared := make(map[*types.TypeName]bool)
	for _, m := range all.publishedOnes() {
		if base := last(m); base != "" {
			judge(r, m, base, version, compare(m, before, after, compared))
		}
	}
	return nil
}

// judge reports whether version may follow base with the given changes.
func judge(r *report, m *mod, base, version string, changes []apidiff.Change) {
	var incompatible, additions []string
	for _, change := range changes {
		if change.Compatible {
			additions = append(additions, change.Message)
		} else {
			incompatible = append(incompatible, change.Message)
		}
	}
	needed := neededBump(base, len(incompatible) > 0, len(additions) > 0)
	if bumpOf(base, version) < needed {
		why := incompatible
		if len(why) == 0 {
			why = additions
		}
		r.fail("%s: the changes since %s need a new %s version, and not %s:\n      %s",
			m.path, base, needed, version, strings.Join(why, "\n      "))
		return
	}
	r.pass("%s since %s: %d incompatible changes, %d additions", m.path, base, len(incompatible), len(additions))
	for _, message := range incompatible {
		r.note("%s: incompatible: %s", m.path, message)
	}
}

// An api has the packages of all published modules in one version.
type api struct {
	packages map[string][]*types.Package // by module; only those that other modules can import
	internal map[string]*types.Package   // by path
}

// loadAPI type-checks the packages of a program's modules at or below root.
func loadAPI(ctx context.Context, tools *toolchain, dir, root string) (*api, error) {
	found, err := packages.Load(&packages.Config{
		Context: ctx,
		Dir:     dir,
		Env:     tools.env,
		Mode:    packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedModule,

		BuildFlags: []string{"-mod=mod"},
	}, root+"/...")
	if err != nil {
		return nil, err
	}
	loaded := &api{packages: make(map[string][]*types.Package), internal: make(map[string]*types.Package)}
	for _, p := range found {
		switch {
		case len(p.Errors) > 0:
			return nil, fmt.Errorf("loading %s: %w", p.PkgPath, p.Errors[0])
		case isInternal(p.PkgPath):
			loaded.internal[p.PkgPath] = p.Types
		case p.Name != "main":
			loaded.packages[p.Module.Path] = append(loaded.packages[p.Module.Path], p.Types)
		}
	}
	return loaded, nil
}

// compare returns the changes of the API of a module. For apidiff, a type of another package stays the
// same as long as its name does. So compare also compares the types of internal packages that the API
// exposes, for example by an alias. It leaves out those in compared, which other modules expose, too, and
// adds the others.
func compare(m *mod, before, after *api, compared map[*types.TypeName]bool) []apidiff.Change {
	changes := apidiff.ModuleChanges(
		&apidiff.Module{Path: m.path, Packages: before.packages[m.path]},
		&apidiff.Module{Path: m.path, Packages: after.packages[m.path]},
	).Changes
	for _, exposed := range exposedTypes(before.packages[m.path], before.internal) {
		path, name := exposed.Pkg().Path(), exposed.Name()
		next := after.internal[path]
		if compared[exposed] || next == nil { // Without the package, the API names another type: that has been found.
			continue
		}
		compared[exposed] = true
		for _, change := range apidiff.Changes(exposed.Pkg(), next).Changes {
			if about(change.Message, name) {
				change.Message = strings.TrimPrefix(path, m.path+"/") + ": " + change.Message
				changes = append(changes, change)
			}
		}
	}
	return changes
}

// about reports whether a message of apidiff is about a type or one of its parts, as
// "(*Reader).Close: removed" is about Reader.
func about(message, name string) bool {
	message = strings.TrimLeft(message, "(*")
	rest, found := strings.CutPrefix(message, name)
	return found && rest != "" && strings.ContainsRune(":.)[,", rune(rest[0]))
}

// exposedTypes returns the exported types of internal packages that users of some packages meet, sorted
// by their paths.
func exposedTypes(of []*types.Package, internal map[string]*types.Package) []*types.TypeName {
	w := walker{internal: internal, seen: make(map[types.Type]bool)}
	for _, p := range of {
		for _, name := range p.Scope().Names() {
			if object := p.Scope().Lookup(name); object.Exported() {
				w.declared(object)
			}
		}
	}
	slices.SortFunc(w.exposed, func(a, b *types.TypeName) int {
		return strings.Compare(a.Pkg().Path()+"."+a.Name(), b.Pkg().Path()+"."+b.Name())
	})
	return slices.Compact(w.exposed)
}
