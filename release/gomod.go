package main

import "slices"

// checkModules checks the go.mod files of the published modules. Programs that require a module ignore
// its replace and exclude directives, and go install refuses a module that has them.
func checkModules(r *report, all modules) {
	before := r.failures
	for _, m := range all.publishedOnes() {
		for _, replaced := range m.file.Replace {
			if m.dir == "" || all.find(replaced.Old.Path) == nil {
				r.fail("%s replaces %s, which the programs that require the module do not", m.goMod(), replaced.Old.Path)
			}
		}
		for _, excluded := range m.file.Exclude {
			r.fail("%s excludes %s, which the programs that require the module do not", m.goMod(), excluded.Mod)
		}
		for _, required := range all.requirements(m) {
			switch {
			case !required.published:
				r.fail("%s requires %s, which is not published", m.goMod(), required.path)
			case m.dir == "":
				r.fail("%s requires %s, which requires the root module itself", m.goMod(), required.path)
			}
		}
	}
	if _, err := levels(all); err != nil && r.failures == before {
		r.fail("%v", err)
	}
	r.result(before, "the published modules need only what is published")
}

// forRelease changes a module's go.mod so that it requires version of all modules of the repository.
// Published modules lose their replace directives for these. It reports whether the file has changed.
func forRelease(m *mod, all modules, version string) (bool, error) {
	changed := false
	for _, required := range slices.Clone(m.file.Require) {
		if all.find(required.Mod.Path) == nil {
			continue
		}
		changed = changed || required.Mod.Version != version
		if err := m.file.AddRequire(required.Mod.Path, version); err != nil {
			return false, err
		}
	}
	for _, replaced := range slices.Clone(m.file.Replace) {
		if !m.published || all.find(replaced.Old.Path) == nil {
			continue
		}
		changed = true
		if err := m.file.DropReplace(replaced.Old.Path, replaced.Old.Version); err != nil {
			return false, err
		}
	}
	m.file.Cleanup()
	return changed, nil
}
