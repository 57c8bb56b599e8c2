package main

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// unreleased stands in CHANGELOG.md where a released version has its date.
const unreleased = "unreleased"

// A section of CHANGELOG.md is about one version.
type section struct {
	line    int // of its heading
	version string
	date    string // such as 2026-01-31, or unreleased
	empty   bool   // has no text below its headings
}

// A heading is for example "## v0.1.0 - 2026-01-31" or "## v0.1.0 - unreleased".
var heading = regexp.MustCompile(`^## (v\S+) - (\S+)$`)

// parseChangelog returns the sections of CHANGELOG.md in their order, and reports headings that are not
// of the form that it expects.
func parseChangelog(r *report, text string) []section {
	var sections []section
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \r")
		switch {
		case strings.HasPrefix(line, "## "):
			s := section{line: i + 1, empty: true}
			if match := heading.FindStringSubmatch(line); match != nil {
				s.version, s.date = match[1], match[2]
			}
			if !semver.IsValid(s.version) || !isDate(s.date) {
				r.fail("CHANGELOG.md:%d: a heading must be a version and a date, such as: ## v0.1.0 - 2026-01-31 (or: - %s)", s.line, unreleased)
				continue
			}
			sections = append(sections, s)
		case line != "" && !strings.HasPrefix(line, "#") && len(sections) > 0:
			sections[len(sections)-1].empty = false
		}
	}
	return sections
}

// isDate reports whether s is what a heading has after the version.
func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil || s == unreleased
}

// checkChangelog checks that the newest section is about version. To be tagged, a version must have its
// date there; prereleases share the section of their version, which has none yet.
func checkChangelog(r *report, sections []section, version string, tagging bool) {
	before := r.failures
	for older, s := range sections[min(1, len(sections)):] {
		if semver.Compare(sections[older].version, s.version) <= 0 {
			r.fail("CHANGELOG.md:%d: %s must not come after %s", s.line, s.version, sections[older].version)
		}
		if s.date == unreleased {
			r.fail("CHANGELOG.md:%d: only the newest version may be %s", s.line, unreleased)
		}
	}
	described := strings.TrimSuffix(version, semver.Prerelease(version))
	i := slices.IndexFunc(sections, func(s section) bool { return s.version == described })
	switch {
	case i < 0:
		r.fail("CHANGELOG.md has no section of %s: begin it with ## %s - %s", described, described, unreleased)
	case i > 0:
		r.fail("CHANGELOG.md:%d: the section of %s must be the first one", sections[i].line, described)
	case sections[i].empty:
		r.fail("CHANGELOG.md:%d: the section of %s has no text", sections[i].line, described)
	case tagging && described == version && sections[i].date == unreleased:
		r.fail("CHANGELOG.md:%d: %s is %s: put the date of the release there", sections[i].line, described, unreleased)
	default:
		r.result(before, "CHANGELOG.md has a section of %s (%s)", described, sections[i].date)
	}
}
