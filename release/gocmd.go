package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A toolchain runs the go command where a clone of the repository takes the place of the origin of its
// modules. Everything else about their origin stays real: the go command lists the tags of the clone and
// fetches them by git.
type toolchain struct {
	env []string
}

// newToolchain returns a toolchain for the modules of clone, whose module cache is below work. A cache of
// its own keeps versions that are not published out of the user's cache.
func newToolchain(ctx context.Context, clone *repository, root, work string) (*toolchain, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOMODCACHE", "GOPROXY")
	cmd.Dir = work
	out, err := run(cmd)
	if err != nil {
		return nil, err
	}
	known := lines(out)
	if len(known) != 2 {
		return nil, fmt.Errorf("go env prints %q", out)
	}
	// Git may have settings in the environment already: the new one comes after them.
	settings, _ := strconv.Atoi(os.Getenv("GIT_CONFIG_COUNT"))
	return &toolchain{env: append(os.Environ(),
		"GOWORK=off",
		"GOFLAGS=-modcacherw -trimpath -buildvcs=false", // Paths of temporary folders would defeat the build cache.
		"GOMODCACHE="+filepath.Join(work, "mod"),
		// Other modules come from the user's cache. The go command checked them when it downloaded them.
		"GOPROXY=file://"+filepath.ToSlash(filepath.Join(known[0], "cache", "download"))+","+known[1],
		"GOSUMDB=off",
		"GOPRIVATE=",
		"GONOPROXY="+root,
		"GOVCS=*:git",
		"GIT_TERMINAL_PROMPT=0",
		fmt.Sprintf("GIT_CONFIG_COUNT=%d", settings+1),
		fmt.Sprintf("GIT_CONFIG_KEY_%d=url.file://%s.insteadOf", settings, filepath.ToSlash(clone.dir)),
		fmt.Sprintf("GIT_CONFIG_VALUE_%d=https://%s", settings, root),
	)}, nil
}

// run runs the go command in dir and returns what it prints.
func (t *toolchain) run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return t.runWith(ctx, nil, dir, args...)
}

// runWith does the same with more environment variables.
func (t *toolchain) runWith(ctx context.Context, env []string, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // Arguments of this program.
	cmd.Dir = dir
	cmd.Env = slices.Concat(t.env, env)
	return run(cmd)
}

// program makes a module in a new folder that requires versions of modules, which are of the form
// path@version, as a user would make it.
func (t *toolchain) program(ctx context.Context, dir string, versions []string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if _, err := t.run(ctx, dir, "mod", "init", "example.com/program"); err != nil {
		return err
	}
	_, err := t.run(ctx, dir, append([]string{"get"}, versions...)...)
	return err
}

// A listed is a package as go list prints it.
type listed struct {
	path, name, module string
}

// packages returns the packages of a program's modules at or below root, but not those that are internal.
func (t *toolchain) packages(ctx context.Context, dir, root string) ([]listed, error) {
	out, err := t.run(ctx, dir, "list", "-mod=mod", "-f", "{{.ImportPath}} {{.Name}} {{.Module.Path}}", root+"/...")
	if err != nil {
		return nil, err
	}
	var found []listed
	for _, line := range lines(out) {
		words := strings.Fields(line)
		if len(words) != 3 {
			return nil, fmt.Errorf("go list prints %q", line)
		}
		if !isInternal(words[0]) {
			found = append(found, listed{words[0], words[1], words[2]})
		}
	}
	return found, nil
}

// isInternal reports whether only packages of the same tree can import the package with the given path.
func isInternal(path string) bool {
	return strings.Contains(path+"/", "/internal/")
}
