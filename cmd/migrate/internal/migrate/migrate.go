// Package migrate implements the command migrate: it loads a module, rewrites it, checks and writes the
// result, and reports.
package migrate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/luxfi/metric/cmd/migrate/internal/load"
	"github.com/luxfi/metric/cmd/migrate/internal/rewrite"
	"github.com/luxfi/metric/cmd/migrate/internal/source"
)

// The exit codes.
const (
	exitDone   = 0
	exitBroken = 1 // The module does not compile, or would not compile afterwards.
	exitError  = 2
)

// Main runs the command, and returns its exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitError
	}
	code, err := run(ctx, o, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "migrate:", err)
		return exitError
	}
	return code
}

func run(ctx context.Context, o *options, stdout io.Writer) (int, error) {
	builds, err := o.builds()
	if err != nil {
		return 0, err
	}
	m, err := load.Find(ctx, o.dir)
	if err != nil {
		return 0, err
	}
	p := &report{w: stdout, module: m, revert: o.revert}
	if ok, err := inspect(m, builds, p); err != nil || !ok {
		return exitBroken, err
	}
	remove, err := m.Stage()
	if err != nil {
		return 0, err
	}
	defer remove()
	before, err := m.GoMod()
	if err != nil {
		return 0, err
	}
	if o.revert && !requires(before, load.Root) || !o.revert && !requires(before, load.ClientModule) {
		p.nothing()
		return exitDone, nil
	}
	if !o.revert && (!requires(before, load.Root) || o.replace != "" || o.version != "latest") {
		if err := m.Require(o.version, o.replace); err != nil {
			return 0, err
		}
	}
	graphs, err := regraph(m, builds)
	if err != nil {
		return 0, err
	}
	strays, editable, err := findStrays(m, graphs)
	if err != nil {
		return 0, err
	}
	result, err := rewrite.Run(m, graphs, editable, o.revert)
	if err != nil {
		return 0, err
	}
	if len(result.Before) > 0 {
		p.brokenByVersions(result.Before, before)
		return exitBroken, nil
	}
	changed := result.Changed()
	if len(changed) == 0 {
		p.nothing()
		return exitDone, nil
	}
	return finish(m, o, p, result, changed, strays)
}

// inspect checks that the module compiles.
func inspect(m *load.Module, builds []load.Build, p *report) (bool, error) {
	for _, b := range builds {
		problems, err := m.Verify(b)
		if err != nil {
			return false, err
		}
		if len(problems) > 0 {
			p.brokenBefore(b, problems)
			return false, nil
		}
	}
	return true, nil
}

func regraph(m *load.Module, builds []load.Build) ([]*load.Graph, error) {
	var graphs []*load.Graph
	for _, b := range builds {
		g, err := m.Graph(b)
		if err != nil {
			return nil, err
		}
		graphs = append(graphs, g)
	}
	return graphs, nil
}

// findStrays lists the files that belong to no package. The files in editable are among them; their imports
// can still be rewritten.
func findStrays(m *load.Module, graphs []*load.Graph) (strays []load.Stray, editable []string, err error) {
	known := make(map[string]bool)
	for _, g := range graphs {
		for _, p := range g.Packages {
			for _, path := range p.Files {
				known[path] = true
			}
		}
	}
	if strays, err = m.Strays(known); err != nil {
		return nil, nil, err
	}
	for _, s := range strays {
		if s.Editable {
			editable = append(editable, s.Path)
		}
	}
	return strays, editable, nil
}

// finish writes the result if it compiles, and reports.
func finish(m *load.Module, o *options, p *report, result *rewrite.Result, changed []*source.File, strays []load.Stray) (int, error) {
	texts := make(map[string][]byte, len(changed))
	for _, f := range changed {
		text, err := f.Formatted()
		if err != nil {
			return 0, err
		}
		texts[f.Path] = text
	}
	broken := p.problems(result.Problems)
	if o.dryRun {
		p.diff(changed, texts)
	}
	p.result(result, strays)
	switch {
	case broken && !o.partial:
		p.untouched()
		return exitBroken, nil
	case o.dryRun:
		p.dry(changed)
		return exitCode(broken), nil
	}
	if err := write(m, o, p, texts); err != nil {
		return 0, err
	}
	p.written(changed, broken)
	return exitCode(broken), nil
}

func exitCode(broken bool) int {
	if broken {
		return exitBroken
	}
	return exitDone
}

// write writes the files and go.mod.
func write(m *load.Module, o *options, p *report, texts map[string][]byte) error {
	for path, text := range texts {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, text, info.Mode().Perm()); err != nil {
			return err
		}
	}
	if o.revert && !stillUsed(m) {
		if err := m.Drop(); err != nil {
			return err
		}
	}
	if err := m.Commit(); err != nil {
		return err
	}
	if o.tidy {
		if err := m.Tidy(); err != nil {
			p.untidy(err)
		}
	}
	return nil
}

// stillUsed reports whether a file of the module imports this library. Tests and files that were left
// out count, too.
func stillUsed(m *load.Module) bool {
	strays, err := m.Strays(nil)
	if err != nil {
		return true
	}
	for _, s := range strays {
		if s.Editable && load.Imports(s.Text, load.Root) {
			return true
		}
	}
	return false
}
