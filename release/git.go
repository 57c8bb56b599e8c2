package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// A repository is a git repository with a work tree.
type repository struct {
	dir string // its top folder
}

// open returns the repository around dir.
func open(ctx context.Context, dir string) (*repository, error) {
	top, err := (&repository{dir}).git(ctx, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	repo := &repository{strings.TrimSpace(string(top))}
	shallow, err := repo.git(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(string(shallow)) == "true" {
		return nil, fmt.Errorf("%s is a shallow clone, which may lack the tags of earlier versions: run git fetch --unshallow --tags", repo.dir)
	}
	return repo, nil
}

// git runs a git command and returns what it prints.
func (r *repository) git(ctx context.Context, args ...string) ([]byte, error) {
	return run(exec.CommandContext(ctx, "git", append([]string{"-C", r.dir}, args...)...)) //nolint:gosec // Arguments of this program.
}

// lines runs a git command and returns the lines that it prints.
func (r *repository) lines(ctx context.Context, args ...string) ([]string, error) {
	out, err := r.git(ctx, args...)
	if err != nil {
		return nil, err
	}
	return lines(out), nil
}

// show returns the content of a file in a commit.
func (r *repository) show(ctx context.Context, commit, path string) ([]byte, error) {
	return r.git(ctx, "show", commit+":"+path)
}

// run runs a command and returns its output. The error contains what the command wrote to its standard error.
func run(cmd *exec.Cmd) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := bytes.TrimSpace(append(stderr.Bytes(), stdout.Bytes()...))
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said)
	}
	return stdout.Bytes(), nil
}

// lines returns the lines of a text, without empty ones.
func lines(text []byte) []string {
	return strings.FieldsFunc(string(text), func(c rune) bool { return c == '\n' || c == '\r' })
}

// few joins the first elements of a list, and says how many more there are.
func few(list []string) string {
	const most = 5
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s, and %d more", strings.Join(list[:most], ", "), len(list)-most)
}
