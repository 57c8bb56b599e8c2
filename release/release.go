package main

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// release checks that version can be made of the last commit of the repository around dir, and with tag adds
// its tags to the repository. It reports the results to r. The error is the error of a check that could not
// be made.
func release(ctx context.Context, r *report, dir string, all layout, version string, tag bool) error {
	repo, err := open(ctx, dir)
	if err != nil {
		return err
	}
	modules, err := readModules(ctx, repo, "HEAD", all)
	if err != nil {
		return err
	}
	tags, err := repo.lines(ctx, "tag", "--list")
	if err != nil {
		return err
	}
	text, err := repo.show(ctx, "HEAD", "CHANGELOG.md")
	if err != nil {
		return err
	}
	changes := parseChangelog(r, string(text))
	if version == "" {
		if len(changes) == 0 {
			r.fail("CHANGELOG.md has no section of a version, such as: ## v0.1.0 - unreleased")
			return nil
		}
		version = changes[0].version
		if slices.Contains(tags, version) {
			return checkReleased(ctx, r, repo, version)
		}
	}
	r.note("checking a release of %s", version)

	checkClean(ctx, r, repo)
	checkVersion(r, version, modules, tags)
	checkChangelog(r, changes, version, tag)
	checkModules(r, modules)
	if r.failures > 0 {
		r.note("the remaining checks need a release that can be prepared")
		return nil
	}

	work, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	clone, err := prepare(ctx, r, repo, modules, version, work)
	if err != nil {
		return fmt.Errorf("preparing %s: %w", version, err)
	}
	if r.failures > 0 {
		return nil
	}
	if err := checkPrepared(ctx, r, clone, modules, version); err != nil {
		return err
	}
	if err := checkUse(ctx, r, clone, modules, version, work); err != nil {
		return err
	}
	if r.failures > 0 {
		return nil
	}
	if err := checkAPI(ctx, r, clone, modules, tags, version, work); err != nil {
		return err
	}
	if tag && r.failures == 0 {
		return addTags(ctx, r, repo, clone, modules, version)
	}
	return nil
}

// checkReleased checks a repository whose newest section of CHANGELOG.md is about a version that is
// tagged. Once something changes, there must be a section for it.
func checkReleased(ctx context.Context, r *report, repo *repository, version string) error {
	changed, err := repo.lines(ctx, "diff", "--name-only", version, "HEAD")
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		r.pass("nothing has changed since %s", version)
		return nil
	}
	r.fail("CHANGELOG.md: the newest section is that of %s, which is released: begin one for the changes since, such as: ## %s - unreleased",
		version, nextPatch(version))
	return nil
}

// checkClean checks that what is about to be released has been committed.
func checkClean(ctx context.Context, r *report, repo *repository) {
	changed, err := repo.lines(ctx, "status", "--porcelain")
	switch {
	case err != nil:
		r.fail("the work tree cannot be compared with the last commit: %v", err)
	case len(changed) > 0:
		r.fail("the work tree has changes that a release would not include; commit or remove them: %s", few(changed))
	default:
		r.pass("the work tree is clean")
	}
}
