package migrate

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/luxfi/metric/cmd/migrate/internal/check"
	"github.com/luxfi/metric/cmd/migrate/internal/load"
	"github.com/luxfi/metric/cmd/migrate/internal/rewrite"
	"github.com/luxfi/metric/cmd/migrate/internal/source"
)

// report writes the output of the command.
type report struct {
	w      io.Writer
	module *load.Module
	revert bool
}

func (p *report) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

func (p *report) name(path string) string {
	if name, err := filepath.Rel(p.module.Dir, path); err == nil {
		return name
	}
	return path
}

func (p *report) from() string {
	if p.revert {
		return load.Root
	}
	return "client_golang"
}

func (p *report) nothing() {
	p.printf("Nothing to do: no package of %s imports %s where it could be replaced.\n", p.module.Path, p.from())
}

func (p *report) brokenBefore(b load.Build, problems []string) {
	p.printf("%s does not compile%s, so it was left as it is:\n", p.module.Path, with(b))
	p.list(problems)
}

func with(b load.Build) string {
	if b.String() == "" {
		return ""
	}
	return " (" + b.String() + ")"
}

func (p *report) list(lines []string) {
	for _, line := range lines {
		p.printf("  %s\n", strings.ReplaceAll(strings.TrimSpace(line), "\n", "\n    "))
	}
}

func (p *report) brokenByVersions(problems []check.Problem, before *modfile.File) {
	p.printf("%s does not compile with the versions that %s requires, so it was left as it is.\n", p.module.Path, load.Root)
	if now, err := p.module.GoMod(); err == nil {
		for _, r := range now.Require {
			if was := version(before, r.Mod.Path); was != "" && was != r.Mod.Version {
				p.printf("  %s %s => %s: go get %s@%s\n", r.Mod.Path, was, r.Mod.Version, r.Mod.Path, r.Mod.Version)
			}
		}
	}
	p.printf("Upgrade them first, and fix these errors:\n")
	p.list(p.texts(problems))
}

func (p *report) texts(problems []check.Problem) []string {
	var lines []string
	for _, problem := range problems {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", p.name(problem.Pos.Filename), problem.Pos.Line, problem.Text))
	}
	return lines
}

// problems reports the remaining type errors, with advice on how to fix them by hand.
func (p *report) problems(problems []check.Problem) bool {
	if len(problems) == 0 {
		return false
	}
	p.printf("%d errors remain; fix them by hand:\n", len(problems))
	for _, problem := range problems {
		p.list(p.texts([]check.Problem{problem}))
		if hint := hint(problem.Text, p.revert); hint != "" {
			p.printf("    %s\n", hint)
		}
	}
	return true
}

// hint returns advice on an error.
func hint(text string, revert bool) string {
	switch {
	case revert:
		return "this is only in " + load.Root + ": remove it before you go back"
	case strings.Contains(text, "Registry"):
		return "give the library a registry of client_golang's, and register that with yours: it is a collector"
	case strings.Contains(text, "Vec"):
		return "make the vector with client_golang (import its package under another name) and register it as before, or bridge it with metric.Bridge…Vec"
	case strings.Contains(text, "Readable"):
		return "give the variable or type parameter the type prometheus.Counter or prometheus.Gauge"
	}
	return "see docs/migration.md, What is different"
}

// result reports the changes and the places that need review.
func (p *report) result(r *rewrite.Result, strays []load.Stray) {
	p.entries("Done:", r.Done)
	p.entries("Have a look:", r.Notes)
	var apart []string
	for _, f := range r.Changed() {
		if f.Generated() {
			apart = append(apart, p.name(f.Path)+": generated; change its generator, too")
		}
	}
	for _, s := range strays {
		what := "left as it is: " + s.Why
		if s.Editable {
			if f := r.Files[s.Path]; f == nil || !f.Changed() {
				continue
			}
			what = "its imports were rewritten, but it was not type-checked: " + s.Why + "; name them with -tags or -platforms"
		} else if !load.Imports(s.Text, p.root()) {
			continue
		}
		apart = append(apart, p.name(s.Path)+": "+what)
	}
	if len(apart) > 0 {
		p.printf("Files apart:\n")
		p.list(apart)
	}
}

// root returns the import path of the library that is replaced.
func (p *report) root() string {
	if p.revert {
		return load.Root
	}
	return load.ClientRoot
}

func (p *report) entries(title string, entries []rewrite.Entry) {
	// A file that still uses client_golang may be unchanged in the end.
	entries = slices.DeleteFunc(entries, func(e rewrite.Entry) bool { return !e.Mark.File.Changed() })
	if len(entries) == 0 {
		return
	}
	p.printf("%s\n", title)
	slices.SortStableFunc(entries, func(a, b rewrite.Entry) int {
		return cmp.Or(cmp.Compare(a.Mark.File.Path, b.Mark.File.Path), cmp.Compare(a.Mark.Line(), b.Mark.Line()))
	})
	for _, e := range entries {
		p.printf("  %s:%d: %s\n", p.name(e.Mark.File.Path), e.Mark.Line(), e.Text)
	}
}

func (p *report) diff(changed []*source.File, texts map[string][]byte) {
	for _, f := range changed {
		p.printf("%s", source.Diff(filepath.ToSlash(p.name(f.Path)), string(f.Original), string(texts[f.Path])))
	}
}

func (p *report) untouched() {
	p.printf("Nothing was written. Use -partial to write the changes and fix the rest by hand.\n")
}

func (p *report) dry(changed []*source.File) { p.printf("%d files would change.\n", len(changed)) }

func (p *report) written(changed []*source.File, broken bool) {
	p.printf("%d files changed.\n", len(changed))
	if p.revert {
		p.printf("Versions that the migration had raised in go.mod stay. To lower them, take go.mod and go.sum from your version control.\n")
	}
	if broken {
		p.printf("They do not compile yet: see above.\n")
	}
}

func (p *report) untidy(err error) { p.printf("go.mod was changed, but is not tidy: %v\n", err) }

func version(f *modfile.File, path string) string {
	for _, r := range f.Require {
		if r.Mod.Path == path {
			return r.Mod.Version
		}
	}
	return ""
}

func requires(f *modfile.File, path string) bool { return version(f, path) != "" }
