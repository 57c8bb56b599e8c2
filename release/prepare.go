package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// prepare clones the repository into a folder of work and makes the tags of version there. The root
// module is tagged at the last commit as it is, because it has no requirements to change. That makes the
// version known to pseudo-versions of later commits, and to git describe. The nested modules are tagged
// at a commit that follows on no branch, in which they require the modules of the version.
func prepare(ctx context.Context, r *report, repo *repository, all modules, version, work string) (*clone, error) {
	sorted, err := levels(all)
	if err != nil {
		return nil, err
	}
	c := &clone{repository: repository{filepath.Join(work, "clone")}}
	if _, err := repo.git(ctx, "clone", "--quiet", "--shared", "--no-checkout", repo.dir, c.dir); err != nil {
		return nil, err
	}
	if err := c.configure(ctx, repo); err != nil {
		return nil, err
	}
	if c.tools, err = newToolchain(ctx, &c.repository, all[0].path, work); err != nil {
		return nil, err
	}
	for i, level := range sorted {
		if i == 0 {
			if err := c.tidy(ctx, r, all[0], all); err != nil {
				return nil, err
			}
		} else {
			if err := c.commit(ctx, r, all, level, version); err != nil {
				return nil, err
			}
		}
		for _, m := range level {
			if _, err := c.git(ctx, "tag", m.tag(version)); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// A clone is the copy of a repository in which a release is prepared.
type clone struct {
	repository
	tools *toolchain
}

// configure checks out the last commit of repo, and takes over who commits.
func (c *clone) configure(ctx context.Context, repo *repository) error {
	head, err := repo.git(ctx, "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	settings := map[string]string{"user.name": "release", "user.email": "release@localhost", "commit.gpgSign": "false", "tag.gpgSign": "false"}
	for _, key := range []string{"user.name", "user.email"} {
		if value, err := repo.git(ctx, "config", key); err == nil {
			settings[key] = strings.TrimSpace(string(value))
		}
	}
	for key, value := range settings {
		if _, err := c.git(ctx, "config", key, value); err != nil {
			return err
		}
	}
	_, err = c.git(ctx, "checkout", "--quiet", "--detach", strings.TrimSpace(string(head)))
	return err
}

// commit makes a commit in which the modules of a level can be tagged. Modules that are not published
// get the requirements, too, because they are built together with those that are.
func (c *clone) commit(ctx context.Context, r *report, all, level modules, version string) error {
	before := r.failures
	for _, m := range all {
		inLevel := level.find(m.path) != nil
		if m.published && !inLevel {
			continue
		}
		changed, err := forRelease(m, all, version)
		if err != nil {
			return err
		}
		if changed {
			if err := c.write(m); err != nil {
				return err
			}
		}
		if inLevel {
			if err := c.tidy(ctx, r, m, all); err != nil {
				return err
			}
		}
	}
	r.result(before, "go.mod and go.sum are tidy in the form to be tagged: %s", level.dirs())
	if _, err := c.git(ctx, "add", "--all"); err != nil { // A module may get its first go.sum.
		return err
	}
	_, err := c.git(ctx, "commit", "--quiet", "--allow-empty", "--message",
		fmt.Sprintf("release: the nested modules require %s", version))
	return err
}

// write writes the go.mod file of a module.
func (c *clone) write(m *mod) error {
	text, err := m.file.Format()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.dir, filepath.FromSlash(m.goMod())), text, 0o644) //nolint:gosec // Git decides who reads it.
}

// tidy runs go mod tidy for a module that already has the requirements of the release. The only change may be
// the checksums of the modules of the repository. Others show that the module is not tidy as it is.
func (c *clone) tidy(ctx context.Context, r *report, m *mod, all modules) error {
	goMod, goSum, err := c.modFiles(m)
	if err != nil {
		return err
	}
	if _, err := c.tools.run(ctx, filepath.Join(c.dir, filepath.FromSlash(m.dir)), "mod", "tidy"); err != nil {
		r.fail("%s cannot be tidied: %v", m.goMod(), err)
		return nil
	}
	tidyMod, tidySum, err := c.modFiles(m)
	if err != nil {
		return err
	}
	if !bytes.Equal(goMod, tidyMod) {
		r.fail("%s is not tidy: run go mod tidy", m.goMod())
	}
	if others(goSum, all) != others(tidySum, all) {
		r.fail("%s is not tidy: run go mod tidy", m.goSum())
	}
	return nil
}

// modFiles reads go.mod and go.sum of a module. A module may have no go.sum.
func (c *clone) modFiles(m *mod) (goMod, goSum []byte, err error) {
	goMod, err = os.ReadFile(filepath.Join(c.dir, filepath.FromSlash(m.goMod())))
	if err != nil {
		return nil, nil, err
	}
	goSum, err = os.ReadFile(filepath.Join(c.dir, filepath.FromSlash(m.goSum())))
	if err != nil && !os.IsNotExist(err) {
		return nil, nil, err
	}
	return goMod, goSum, nil
}

// others returns the lines of a go.sum file that are about modules of other repositories.
func others(sum []byte, all modules) string {
	var kept strings.Builder
	for _, line := range lines(sum) {
		if path, _, _ := strings.Cut(line, " "); all.find(path) == nil {
			fmt.Fprintln(&kept, line)
		}
	}
	return kept.String()
}
