package main

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/mod/modfile"
)

// checkPrepared checks the tags in a clone: that no published module has a replace directive, that all of
// them require each other in the same version, and that the root module is tagged at the commit that is
// released.
func checkPrepared(ctx context.Context, r *report, c *clone, all modules, version string) error {
	before := r.failures
	for _, m := range all.publishedOnes() {
		tag := m.tag(version)
		text, err := c.show(ctx, tag, m.goMod())
		if err != nil {
			return err
		}
		file, err := modfile.Parse(m.goMod(), text, nil)
		if err != nil {
			return err
		}
		for _, replaced := range file.Replace {
			r.fail("tag %s: %s replaces %s", tag, m.goMod(), replaced.Old.Path)
		}
		for _, required := range file.Require {
			if all.find(required.Mod.Path) != nil && required.Mod.Version != version {
				r.fail("tag %s: %s requires %s, and not %s", tag, m.goMod(), required.Mod, version)
			}
		}
	}
	r.result(before, "the tags have no replace directives, and require each other in version %s", version)
	return nil
}

// addTags adds the tags of a clone to the repository, with the commits that they need, and prints how to
// publish them.
func addTags(ctx context.Context, r *report, repo *repository, c *clone, all modules, version string) error {
	sorted, err := levels(all)
	if err != nil {
		return err
	}
	var names []string
	for _, level := range sorted {
		for _, m := range level {
			names = append(names, m.tag(version))
		}
	}
	// The tags of the clone keep the commits reachable. Those of the repository are made anew, by its
	// settings: it may sign tags.
	if _, err := repo.git(ctx, append([]string{"fetch", "--quiet", "--no-tags", c.dir}, prefixed("refs/tags/", names)...)...); err != nil {
		return err
	}
	for _, name := range names {
		commit, err := c.git(ctx, "rev-parse", name+"^{commit}")
		if err != nil {
			return err
		}
		if _, err := repo.git(ctx, "tag", "--annotate", "--message", name, name, strings.TrimSpace(string(commit))); err != nil {
			return fmt.Errorf("%w\nremove the tags that have been added: git tag --delete %s", err, strings.Join(names, " "))
		}
	}
	r.pass("tagged %s", strings.Join(names, ", "))
	r.note("nothing is pushed yet; look at the tags, and then run: git push --atomic origin %s", strings.Join(names, " "))
	return nil
}

// prefixed returns the names with a prefix.
func prefixed(prefix string, names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, prefix+name)
	}
	return all
}
