package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// A layout lists the folders of the nested modules of a repository.
type layout struct {
	published []string // tagged and released, with the root module
	internal  []string // built and tested in the repository only; never tagged
}

// metric is the layout of this repository. A new module must be added to one of the lists.
var metric = layout{
	published: []string{
		"adapters/expvar", "adapters/gokit", "adapters/gometrics", "cmd/metricvet", "cmd/migrate", "exporter",
		"grpcmetric", "otelmetric",
	},
	internal: []string{
		"apicheck", "bench", "dashboard/browser", "dropin", "e2e", "examples", "examples/otel", "release",
	},
}

// A mod is a module of the repository.
type mod struct {
	dir       string        // slash-separated, below the top folder; empty for the root module
	path      string        // module path
	file      *modfile.File // its go.mod file; forRelease changes it
	published bool          // whether the module is tagged
}

// tag returns the tag of a version of the module.
func (m *mod) tag(version string) string {
	return path.Join(m.dir, version)
}

// goMod returns the path of the module's go.mod file below the top folder.
func (m *mod) goMod() string { return path.Join(m.dir, "go.mod") }

// goSum returns the path of the module's go.sum file below the top folder. The file need not exist.
func (m *mod) goSum() string { return path.Join(m.dir, "go.sum") }

// modules are all modules of the repository; the first one is the root module.
type modules []*mod

// publishedOnes returns the modules that are tagged, the root module first.
func (all modules) publishedOnes() modules {
	return slices.DeleteFunc(slices.Clone(all), func(m *mod) bool { return !m.published })
}

// find returns the module with the given path, or nil.
func (all modules) find(path string) *mod {
	i := slices.IndexFunc(all, func(m *mod) bool { return m.path == path })
	if i < 0 {
		return nil
	}
	return all[i]
}

// requirements returns the modules of the repository that m requires.
func (all modules) requirements(m *mod) modules {
	var required modules
	for _, r := range m.file.Require {
		if own := all.find(r.Mod.Path); own != nil {
			required = append(required, own)
		}
	}
	return required
}

// readModules reads the go.mod files of a commit.
func readModules(ctx context.Context, repo *repository, commit string, all layout) (modules, error) {
	files, err := repo.lines(ctx, "ls-tree", "-r", "--name-only", "--full-tree", commit)
	if err != nil {
		return nil, err
	}
	var found modules
	for _, name := range files {
		if path.Base(name) != "go.mod" || strings.Contains(name, "testdata/") {
			continue
		}
		text, err := repo.show(ctx, commit, name)
		if err != nil {
			return nil, err
		}
		file, err := modfile.Parse(name, text, nil)
		if err != nil {
			return nil, err
		}
		m := &mod{dir: strings.TrimSuffix(strings.TrimSuffix(name, "go.mod"), "/"), path: file.Module.Mod.Path, file: file}
		m.published = m.dir == "" || slices.Contains(all.published, m.dir)
		if !m.published && !slices.Contains(all.internal, m.dir) {
			return nil, fmt.Errorf("module %s is in no list of release/modules.go: decide whether it is published", m.path)
		}
		found = append(found, m)
	}
	slices.SortFunc(found, func(a, b *mod) int { return strings.Compare(a.dir, b.dir) })
	if len(found) == 0 || found[0].dir != "" {
		return nil, fmt.Errorf("%s has no go.mod in its top folder", repo.dir)
	}
	for _, dir := range slices.Concat(all.published, all.internal) {
		if !slices.ContainsFunc(found, func(m *mod) bool { return m.dir == dir }) {
			return nil, fmt.Errorf("release/modules.go lists %s, which has no go.mod", dir)
		}
	}
	return found, nil
}

// levels sorts the published modules for tagging: a module comes after those that it requires. All
// modules of a level can be released in one commit. The first level is the root module alone.
func levels(all modules) ([]modules, error) {
	placed := make(map[string]bool)
	var sorted []modules
	left := all.publishedOnes()
	for len(left) > 0 {
		var level modules
		for _, m := range left {
			if !slices.ContainsFunc(all.requirements(m), func(r *mod) bool { return !placed[r.path] }) {
				level = append(level, m)
			}
		}
		if len(sorted) == 0 {
			level = slices.DeleteFunc(level, func(m *mod) bool { return m.dir != "" })
		}
		if len(level) == 0 {
			return nil, fmt.Errorf("modules require each other in a circle: %s", left.dirs())
		}
		for _, m := range level {
			placed[m.path] = true
		}
		sorted = append(sorted, level)
		left = slices.DeleteFunc(left, func(m *mod) bool { return placed[m.path] })
	}
	return sorted, nil
}

// dirs joins the folders of the modules.
func (all modules) dirs() string {
	var list []string
	for _, m := range all {
		list = append(list, path.Join(".", m.dir))
	}
	return strings.Join(list, ", ")
}
