package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		// The tests' repositories depend on no settings of the user, and need no network.
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull, "GOPROXY": "off",
		"GIT_AUTHOR_NAME": "author", "GIT_AUTHOR_EMAIL": "author@localhost",
		"GIT_COMMITTER_NAME": "committer", "GIT_COMMITTER_EMAIL": "committer@localhost",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// acme is the layout of the tests' repositories.
var acme = layout{published: []string{"cmd/tool", "sub"}, internal: []string{"tests"}}

// acmeFiles are a repository that can be released, with modules like the modules of this repository: one that
// uses the root module's internal packages, a command without requirements, and one for tests.
var acmeFiles = map[string]string{
	"go.mod": "module github.com/acme/lib\n\ngo 1.26.0\n",
	"lib.go": `package lib

import "github.com/acme/lib/internal/core"

// Value is a value.
type Value = core.Value

// Name is a name.
const Name = "lib"
`,
	"internal/core/core.go": `package core

type Value struct{ n int }

func (v Value) Get() int { return v.n }
`,
	"sub/go.mod": `module github.com/acme/lib/sub

go 1.26.0

require github.com/acme/lib v0.0.0

replace github.com/acme/lib => ../
`,
	"sub/sub.go": `package sub

import (
	"github.com/acme/lib"
	"github.com/acme/lib/internal/core"
)

// New returns a value.
func New() lib.Value { return core.Value{} }
`,
	"cmd/tool/go.mod":  "module github.com/acme/lib/cmd/tool\n\ngo 1.26.0\n",
	"cmd/tool/main.go": "package main\n\nfunc main() {}\n",
	"tests/go.mod": `module github.com/acme/lib/tests

go 1.26.0

require (
	github.com/acme/lib v0.0.0
	github.com/acme/lib/sub v0.0.0
)

replace (
	github.com/acme/lib => ../
	github.com/acme/lib/sub => ../sub
)
`,
	"tests/tests.go": `package tests

import (
	"github.com/acme/lib"
	"github.com/acme/lib/sub"
)

// Value is one of each module.
var Value lib.Value = sub.New()
`,
	"CHANGELOG.md": "# Changelog\n\nWhat users notice.\n\n## v0.1.0 - 2026-11-30\n\n- The first version.\n",
}

// newRepository returns a repository with acmeFiles in its only commit.
func newRepository(t *testing.T) *repository {
	t.Helper()
	repo := &repository{t.TempDir()}
	mustGit(t, repo, "init", "--quiet", "--initial-branch", "main")
	commit(t, repo, acmeFiles)
	return repo
}

// commit writes files and commits them.
func commit(t *testing.T, repo *repository, files map[string]string) {
	t.Helper()
	write(t, repo, files)
	mustGit(t, repo, "add", "--all")
	mustGit(t, repo, "commit", "--quiet", "--message", "a change")
}

// write writes files; those without content are removed.
func write(t *testing.T, repo *repository, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(repo.dir, filepath.FromSlash(name))
		if text == "" {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// mustGit runs a git command and returns its output without the last line end.
func mustGit(t *testing.T, repo *repository, args ...string) string {
	t.Helper()
	out, err := repo.git(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// check runs release for a repository, and returns what it prints and whether all checks pass.
func check(t *testing.T, repo *repository, version string, tag bool) (string, bool) {
	t.Helper()
	var out bytes.Buffer
	r := &report{w: &out}
	if err := release(t.Context(), r, repo.dir, acme, version, tag); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	return out.String(), r.failures == 0
}

// contains checks that the output has all of the lines, or beginnings of lines.
func contains(t *testing.T, out string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+out, "\n"+line) {
			t.Errorf("the output lacks %q:\n%s", line, out)
		}
	}
}
