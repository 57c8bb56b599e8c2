package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// TestReleases makes two releases one after the other, as a maintainer does.
func TestReleases(t *testing.T) {
	repo := newRepository(t)
	first := mustGit(t, repo, "rev-parse", "HEAD")

	out, ok := check(t, repo, "", false)
	if !ok {
		t.Fatalf("the repository cannot be released:\n%s", out)
	}
	contains(t, out,
		"note  checking a release of v0.1.0",
		"note  no tag of an earlier v0 version, so the API is compared with nothing: ., cmd/tool, sub",
		"ok    a program in an empty folder runs with all 2 packages of the published modules",
		"ok    go install github.com/acme/lib/cmd/tool@v0.1.0")
	if tags := mustGit(t, repo, "tag", "--list"); tags != "" {
		t.Errorf("the check has added tags: %s", tags)
	}

	out, ok = check(t, repo, "v0.1.0", true)
	if !ok {
		t.Fatalf("the repository cannot be tagged:\n%s", out)
	}
	contains(t, out, "note  nothing is pushed yet; look at the tags, and then run: git push --atomic origin v0.1.0 cmd/tool/v0.1.0 sub/v0.1.0")
	if got := mustGit(t, repo, "rev-parse", "v0.1.0^{commit}"); got != first {
		t.Errorf("the root module is tagged at %s, and not at the last commit of main, %s", got, first)
	}
	if got := mustGit(t, repo, "rev-parse", "sub/v0.1.0^{commit}^"); got != first {
		t.Errorf("the commit of the nested modules follows on %s, and not on the last commit of main, %s", got, first)
	}
	if got := mustGit(t, repo, "rev-parse", "main"); got != first || mustGit(t, repo, "status", "--porcelain") != "" {
		t.Error("the release has changed the branch or the work tree")
	}
	testTagged(t, repo, "v0.1.0")

	out, ok = check(t, repo, "", false)
	if !ok {
		t.Errorf("an unchanged repository fails:\n%s", out)
	}
	contains(t, out, "ok    nothing has changed since v0.1.0")

	commit(t, repo, map[string]string{
		"internal/core/core.go": "package core\n\ntype Value struct{ n int }\n",
		"sub/more.go":           "package sub\n\n// More is more.\nfunc More() {}\n",
	})
	out, ok = check(t, repo, "", false)
	if ok {
		t.Error("changes without a section of CHANGELOG.md pass")
	}
	contains(t, out, "FAIL  CHANGELOG.md: the newest section is that of v0.1.0, which is released: begin one for the changes since, such as: ## v0.1.1 - unreleased")

	commit(t, repo, map[string]string{"CHANGELOG.md": changelog("v0.1.1 - unreleased", "v0.1.0 - 2026-11-30")})
	out, ok = check(t, repo, "", false)
	if ok {
		t.Error("an incompatible change passes as a patch version")
	}
	contains(t, out,
		"FAIL  github.com/acme/lib: the changes since v0.1.0 need a new minor version, and not v0.1.1:",
		"      internal/core: Value.Get: removed",
		"ok    github.com/acme/lib/sub since v0.1.0: 0 incompatible changes, 1 additions")

	commit(t, repo, map[string]string{"CHANGELOG.md": changelog("v0.2.0 - 2026-12-31", "v0.1.0 - 2026-11-30")})
	out, ok = check(t, repo, "v0.2.0", true)
	if !ok {
		t.Errorf("an incompatible change fails as a minor version before v1:\n%s", out)
	}
	contains(t, out, "note  github.com/acme/lib: incompatible: internal/core: Value.Get: removed")
	testTagged(t, repo, "v0.2.0")
}

// testTagged checks what is in the commit of the nested modules' tags: the published modules have true
// requirements, and the others can be built with them.
func testTagged(t *testing.T, repo *repository, version string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tagged")
	mustGit(t, repo, "clone", "--quiet", repo.dir, dir)
	mustGit(t, &repository{dir}, "checkout", "--quiet", "sub/"+version)
	sub, err := modfile.Parse("go.mod", []byte(mustGit(t, repo, "show", "sub/"+version+":sub/go.mod")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(sub.Replace) > 0 || len(sub.Require) != 1 || sub.Require[0].Mod.Version != version {
		t.Errorf("sub/go.mod replaces %v and requires %v", sub.Replace, sub.Require)
	}
	if sum := mustGit(t, repo, "show", "sub/"+version+":sub/go.sum"); !strings.Contains(sum, "github.com/acme/lib "+version+" h1:") {
		t.Errorf("sub/go.sum lacks the checksum of the root module:\n%s", sum)
	}
	cmd := exec.CommandContext(t.Context(), "go", "vet", "./...")
	cmd.Dir = filepath.Join(dir, "tests")
	cmd.Env = append(cmd.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	if _, err := run(cmd); err != nil {
		t.Errorf("module tests is broken in the release: %v", err)
	}
}

// changelog returns a changelog with a section for each heading.
func changelog(headings ...string) string {
	var text strings.Builder
	text.WriteString("# Changelog\n")
	for _, heading := range headings {
		text.WriteString("\n## " + heading + "\n\n- A change.\n")
	}
	return text.String()
}

// TestFailures checks that each reason not to release is found.
func TestFailures(t *testing.T) {
	sub := acmeFiles["sub/go.mod"]
	for name, test := range map[string]struct {
		files   map[string]string // committed
		dirty   map[string]string // not committed
		tags    []string
		version string
		tag     bool
		want    string
	}{
		"changes that are not committed": {
			dirty: map[string]string{"lib.go": "package lib\n", "new.go": "package lib\n"},
			want:  "the work tree has changes that a release would not include; commit or remove them:  M lib.go, ?? new.go",
		},
		"no version":           {version: "0.1.0", want: `"0.1.0" is no version`},
		"a shortened version":  {version: "v0.1", want: `"v0.1" is no version`},
		"a tag of one module":  {tags: []string{"sub/v0.1.0"}, want: "tag sub/v0.1.0 exists already"},
		"a newer tag":          {tags: []string{"sub/v0.3.0"}, want: "github.com/acme/lib/sub has tag sub/v0.3.0, which is newer than v0.1.0"},
		"a path without major": {version: "v2.0.0", want: "github.com/acme/lib cannot have version v2.0.0"},
		"no section": {
			version: "v0.2.0",
			want:    "CHANGELOG.md has no section of v0.2.0: begin it with ## v0.2.0 - unreleased",
		},
		"no date": {
			files:   map[string]string{"CHANGELOG.md": changelog("v0.1.0 - unreleased")},
			version: "v0.1.0", tag: true,
			want: "CHANGELOG.md:3: v0.1.0 is unreleased: put the date of the release there",
		},
		"a section without text": {
			files: map[string]string{"CHANGELOG.md": "# Changelog\n\n## v0.1.0 - unreleased\n\n### Added\n"},
			want:  "CHANGELOG.md:3: the section of v0.1.0 has no text",
		},
		"a heading without a version": {
			files: map[string]string{"CHANGELOG.md": changelog("Unreleased", "v0.1.0 - 2026-11-30")},
			want:  "CHANGELOG.md:3: a heading must be a version and a date",
		},
		"a heading without a date": {
			files: map[string]string{"CHANGELOG.md": changelog("v0.1.0 - soon", "v0.0.1 - 2026-11-30")},
			want:  "CHANGELOG.md:3: a heading must be a version and a date",
		},
		"a changelog without versions": {
			files: map[string]string{"CHANGELOG.md": "# Changelog\n"},
			want:  "CHANGELOG.md has no section of a version",
		},
		"sections in the wrong order": {
			files: map[string]string{"CHANGELOG.md": changelog("v0.1.0 - unreleased", "v0.2.0 - 2026-11-30")},
			want:  "CHANGELOG.md:7: v0.2.0 must not come after v0.1.0",
		},
		"an older section": {
			files:   map[string]string{"CHANGELOG.md": changelog("v0.2.0 - unreleased", "v0.1.0 - 2026-11-30")},
			version: "v0.1.0",
			want:    "CHANGELOG.md:7: the section of v0.1.0 must be the first one",
		},
		"two sections that are not released": {
			files: map[string]string{"CHANGELOG.md": changelog("v0.2.0 - unreleased", "v0.1.0 - unreleased")},
			want:  "CHANGELOG.md:7: only the newest version may be unreleased",
		},
		"a replaced root": {
			files: map[string]string{"go.mod": acmeFiles["go.mod"] + "\nreplace github.com/acme/lib/sub => ./sub\n"},
			want:  "go.mod replaces github.com/acme/lib/sub, which the programs that require the module do not",
		},
		"a fork": {
			files: map[string]string{"sub/go.mod": sub + "\nreplace example.com/a => example.com/b v1.0.0\n"},
			want:  "sub/go.mod replaces example.com/a, which the programs that require the module do not",
		},
		"an excluded version": {
			files: map[string]string{"sub/go.mod": sub + "\nexclude example.com/a v1.0.0\n"},
			want:  "sub/go.mod excludes example.com/a@v1.0.0, which the programs that require the module do not",
		},
		"an internal module": {
			files: map[string]string{"sub/go.mod": sub + "\nrequire github.com/acme/lib/tests v0.0.0\n"},
			want:  "sub/go.mod requires github.com/acme/lib/tests, which is not published",
		},
		"a root that requires": {
			files: map[string]string{"go.mod": acmeFiles["go.mod"] + "\nrequire github.com/acme/lib/sub v0.0.0\n"},
			want:  "go.mod requires github.com/acme/lib/sub, which requires the root module itself",
		},
		"a module that requires itself through another one": {
			files: map[string]string{
				"sub/go.mod":      sub + "\nrequire github.com/acme/lib/cmd/tool v0.0.0\n",
				"cmd/tool/go.mod": acmeFiles["cmd/tool/go.mod"] + "\nrequire github.com/acme/lib/sub v0.0.0\n",
			},
			want: "modules require each other in a circle: cmd/tool, sub",
		},
		"an untidy root": {
			files: map[string]string{"go.sum": "example.com/a v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"},
			want:  "go.sum is not tidy: run go mod tidy",
		},
		"an untidy module": {
			files: map[string]string{"cmd/tool/go.mod": acmeFiles["cmd/tool/go.mod"] + "\nrequire github.com/acme/lib v0.0.0\n\nreplace github.com/acme/lib => ../../\n"},
			want:  "cmd/tool/go.mod is not tidy: run go mod tidy",
		},
		"a missing requirement": {
			files: map[string]string{"sub/go.mod": "module github.com/acme/lib/sub\n\ngo 1.26.0\n"},
			want:  "sub/go.mod is not tidy: run go mod tidy",
		},
		"packages that cannot be in one program": {
			files: map[string]string{"sub/init.go": "package sub\n\nfunc init() { panic(\"twice\") }\n"},
			want:  "a program with all packages does not run: ",
		},
		"a command that cannot be built": {
			files: map[string]string{"cmd/tool/more.go": "package main\n\nvar a int = \"\"\n"},
			want:  "github.com/acme/lib/cmd/tool cannot be installed: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo := newRepository(t)
			if test.files != nil {
				commit(t, repo, test.files)
			}
			write(t, repo, test.dirty)
			for _, tag := range test.tags {
				mustGit(t, repo, "tag", tag)
			}
			out, ok := check(t, repo, test.version, test.tag)
			if ok {
				t.Error("the repository can be released")
			}
			contains(t, out, "FAIL  "+test.want)
			if tags := lines([]byte(mustGit(t, repo, "tag", "--list"))); len(tags) != len(test.tags) {
				t.Errorf("tags were added: %q", tags)
			}
		})
	}
}

// TestPrepared checks that tags with go.mod files as on the branch are found.
func TestPrepared(t *testing.T) {
	repo := newRepository(t)
	all, err := readModules(t.Context(), repo, "HEAD", acme)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all.publishedOnes() {
		mustGit(t, repo, "tag", m.tag("v0.1.0"))
	}
	var out bytes.Buffer
	r := &report{w: &out}
	if err := checkPrepared(t.Context(), r, &clone{repository: *repo}, all, "v0.1.0"); err != nil {
		t.Fatal(err)
	}
	contains(t, out.String(),
		"FAIL  tag sub/v0.1.0: sub/go.mod replaces github.com/acme/lib",
		"FAIL  tag sub/v0.1.0: sub/go.mod requires github.com/acme/lib@v0.0.0, and not v0.1.0")
	if r.failures != 2 {
		t.Errorf("got %d failures:\n%s", r.failures, &out)
	}
}

// TestUnknownModules checks that each module must be known to be published or not.
func TestUnknownModules(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a new one": {
			map[string]string{"new/go.mod": "module github.com/acme/lib/new\n"},
			"module github.com/acme/lib/new is in no list of release/modules.go: decide whether it is published",
		},
		"one that has gone": {
			map[string]string{"tests/go.mod": ""},
			"release/modules.go lists tests, which has no go.mod",
		},
	} {
		t.Run(name, func(t *testing.T) {
			repo := newRepository(t)
			commit(t, repo, test.files)
			err := release(t.Context(), &report{w: t.Output()}, repo.dir, acme, "", false)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestShallowClone checks that a clone that may lack tags is refused: its API would be compared with nothing.
func TestShallowClone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shallow")
	mustGit(t, &repository{"."}, "clone", "--quiet", "--depth", "1", "file://"+filepath.ToSlash(newRepository(t).dir), dir)
	err := release(t.Context(), &report{w: t.Output()}, dir, acme, "", false)
	if err == nil || !strings.Contains(err.Error(), "is a shallow clone, which may lack the tags of earlier versions") {
		t.Errorf("got %v", err)
	}
}

// TestPrerelease checks that a prerelease shares the section of its version.
func TestPrerelease(t *testing.T) {
	repo := newRepository(t)
	commit(t, repo, map[string]string{"CHANGELOG.md": changelog("v0.1.0 - unreleased")})
	out, ok := check(t, repo, "v0.1.0-rc.1", true)
	if !ok {
		t.Fatalf("a prerelease cannot be tagged:\n%s", out)
	}
	testTagged(t, repo, "v0.1.0-rc.1")
	if out, ok := check(t, repo, "", false); !ok {
		t.Errorf("the version cannot follow its prerelease:\n%s", out)
	}
}

// TestPage checks that the page about releases has the tags of every module.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../docs/releases.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range metric.published {
		if row := "| `" + dir + "` | `" + dir + "/v0.1.0` |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/releases.md lacks the row %s", row)
		}
	}
	for _, dir := range metric.internal {
		if row := "| `" + dir + "` | never |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/releases.md lacks the row %s", row)
		}
	}
}
