package main

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// checkVersion checks that version can follow the tags of all published modules.
func checkVersion(r *report, version string, all modules, tags []string) {
	if !semver.IsValid(version) || semver.Canonical(version) != version {
		r.fail("%q is no version: versions are of the form v1.2.3 or v1.2.3-rc.1", version)
		return
	}
	before := r.failures
	for _, m := range all.publishedOnes() {
		if _, major, ok := module.SplitPathVersion(m.path); !ok || module.CheckPathMajor(version, major) != nil {
			r.fail("%s cannot have version %s: the path of a module ends in its major version from v2 on", m.path, version)
		}
		if tag := m.tag(version); slices.Contains(tags, tag) {
			r.fail("tag %s exists already", tag)
		}
		for _, tagged := range versionsOf(m, tags) {
			if semver.Compare(tagged, version) > 0 {
				r.fail("%s has tag %s, which is newer than %s", m.path, m.tag(tagged), version)
				break
			}
		}
	}
	r.result(before, "%s is newer than all tags", version)
}

// versionsOf returns the versions of a module that are tagged, the newest first.
func versionsOf(m *mod, tags []string) []string {
	var versions []string
	for _, tag := range tags {
		dir, version := path.Split(tag)
		if strings.TrimSuffix(dir, "/") == m.dir && semver.IsValid(version) {
			versions = append(versions, version)
		}
	}
	slices.SortFunc(versions, func(a, b string) int { return semver.Compare(b, a) })
	return versions
}

// lastRelease returns the newest tagged version of a module before version with the same major number
// that is not a prerelease, or "".
func lastRelease(m *mod, tags []string, version string) string {
	for _, tagged := range versionsOf(m, tags) {
		if semver.Compare(tagged, version) < 0 && semver.Major(tagged) == semver.Major(version) && semver.Prerelease(tagged) == "" {
			return tagged
		}
	}
	return ""
}

// A bump is the part of a version number that a release increases.
type bump int

const (
	patch bump = iota
	minor
	major
)

// bumpOf returns the first part in which two versions differ.
func bumpOf(last, next string) bump {
	switch {
	case semver.Major(last) != semver.Major(next):
		return major
	case semver.MajorMinor(last) != semver.MajorMinor(next):
		return minor
	}
	return patch
}

// neededBump returns the least part that the version after last must increase. Before v1, a minor version
// may break programs, and a patch version may add to the API.
func neededBump(last string, incompatible, additions bool) bump {
	stable := semver.Major(last) != "v0"
	switch {
	case incompatible && stable:
		return major
	case incompatible, additions && stable:
		return minor
	}
	return patch
}

func (b bump) String() string {
	return [...]string{"patch", "minor", "major"}[b]
}

// nextPatch returns the patch version after version.
func nextPatch(version string) string {
	release, _, _ := strings.Cut(strings.TrimPrefix(version, semver.MajorMinor(version)+"."), "-")
	n, err := strconv.Atoi(release)
	if err != nil {
		return version
	}
	return semver.MajorMinor(version) + "." + strconv.Itoa(n+1)
}
