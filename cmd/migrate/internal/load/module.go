// Package load finds the packages of a module, and the types of the packages that they import, without
// changing anything in the module's folder.
package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// The import paths of the two libraries, and the module of client_golang; ours is Root.
const (
	ClientRoot = "github.com/prometheus/client_golang/prometheus"
	Root       = "github.com/luxfi/metric"

	ClientModule = "github.com/prometheus/client_golang"
)

// Below lists the paths, below both roots, of the packages that both libraries have.
var Below = []string{
	"", "/promauto", "/promhttp", "/promhttp/zstd", "/collectors", "/collectors/version", "/push", "/graphite", "/testutil",
	"/testutil/promlint", "/testutil/promlint/validations",
}

// A Module is the module to change.
type Module struct {
	Dir  string
	Path string

	ctx     context.Context
	modfile string // file that replaces go.mod, or ""
	temp    string
}

// Find returns the module whose go.mod is in a folder.
func Find(ctx context.Context, dir string) (*Module, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s has no go.mod: migrate changes whole modules, so name the folder that contains go.mod", dir)
	}
	if err != nil {
		return nil, err
	}
	path := modfile.ModulePath(text)
	if path == "" {
		return nil, fmt.Errorf("%s names no module", filepath.Join(dir, "go.mod"))
	}
	return &Module{Dir: dir, Path: path, ctx: ctx}, nil
}

// Stage makes copies of go.mod and go.sum. The go command changes the copies instead of the originals.
// The returned function removes the copies.
func (m *Module) Stage() (remove func(), err error) {
	temp, err := os.MkdirTemp("", "migrate")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(m.Dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(temp, name), text, 0o600)
		}
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(temp))
		}
	}
	m.temp, m.modfile = temp, filepath.Join(temp, "go.mod")
	return func() { _ = os.RemoveAll(temp) }, nil
}

// Require adds a requirement of this library's version to the copy of go.mod. If replace is not "", it
// makes the folder replace the library.
func (m *Module) Require(version, replace string) error {
	if replace == "" {
		return m.goCommand("get", Root+"@"+version)
	}
	// A path that does not start with a dot is a module path. Relative folders are relative to go.mod.
	target := replace
	if !filepath.IsAbs(target) {
		absolute, err := filepath.Abs(target)
		if err != nil {
			return err
		}
		target = absolute
	}
	if _, err := os.Stat(filepath.Join(target, "go.mod")); err != nil {
		return fmt.Errorf("-replace: %w", err)
	}
	const none = "v0.0.0-00010101000000-000000000000"
	if err := m.goCommand("mod", "edit", "-require="+Root+"@"+none, "-replace="+Root+"="+target); err != nil {
		return err
	}
	return m.goCommand("list", "-mod=mod", "-f", "{{.Name}}", Root)
}

// Drop removes the requirement of this library, and its replacement, from the copy of go.mod.
func (m *Module) Drop() error {
	return m.goCommand("mod", "edit", "-droprequire="+Root, "-dropreplace="+Root)
}

// GoMod returns the current go.mod: the copy, if it exists.
func (m *Module) GoMod() (*modfile.File, error) {
	path := filepath.Join(m.Dir, "go.mod")
	if m.modfile != "" {
		path = m.modfile
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(path, text, nil)
}

// Commit replaces go.mod and go.sum by the copies.
func (m *Module) Commit() error {
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(m.temp, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		path := filepath.Join(m.Dir, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
			continue
		}
		if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // Go gives both this mode.
			return err
		}
	}
	m.modfile = ""
	return nil
}

// Tidy runs go mod tidy on the module.
func (m *Module) Tidy() error { return m.goCommand("mod", "tidy") }

// env returns the environment of the go command. It disables go.work, because a copy of go.mod is not
// one of its modules.
func (m *Module) env() []string { return append(os.Environ(), "GOWORK=off", "PWD="+m.Dir) }

// flags returns the flags that make the go command use the copy of go.mod.
func (m *Module) flags() []string {
	if m.modfile == "" {
		return nil
	}
	return []string{"-modfile=" + m.modfile, "-mod=mod"}
}

func (m *Module) goCommand(args ...string) error {
	switch {
	case m.modfile == "":
	case args[0] == "mod" && args[1] == "edit":
		args = append(args, m.modfile)
	default:
		args = append([]string{args[0], "-modfile=" + m.modfile}, args[1:]...)
	}
	cmd := exec.CommandContext(m.ctx, "go", args...)
	cmd.Dir = m.Dir
	cmd.Env = m.env()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(out.String()))
	}
	return nil
}
