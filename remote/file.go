package remote

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// File returns a function that reads targets from a file, for [GroupOpts.Source]. The file has the format
// of file_sd in Prometheus, a list of targets and their labels. Its name must end in .json, .yml or
// .yaml:
//
//   - targets: [db1:9100, db2:9100, "https://db3.example.com/node/metrics"]
//     labels: {job: node, __metrics_path__: /metrics}
//
// A target is a host and a port, or a whole URL. The labels __scheme__, __metrics_path__ and
// __param_<name> change the URL of a host and port as they do in Prometheus. Other labels that begin
// with two underscores are left out.
//
// In the last element of path, * and ? stand for parts of a name, as in [filepath.Match], so that it
// names several files. There may be none of them; a path without such characters has to exist.
//
// The function reads the files whenever it is called, and returns all targets in them. If something is
// wrong with a file, the error says in which line, and the earlier targets of that file are
// returned, together with those of the others. A program that changes a file should write
// another one and rename it, because half of a file may be a valid one, too. An empty file is an error: the list
// without targets is [].
func File(path string) func(ctx context.Context) ([]GroupTarget, error) {
	f := &files{pattern: path, known: make(map[string]*file)}
	return f.targets
}

// files are the files that a pattern matches.
type files struct {
	pattern string

	mu    sync.Mutex
	known map[string]*file
}

// file is what a file had when it was read last.
type file struct {
	data    []byte
	targets []GroupTarget // Of the last valid version.
	err     error         // What is wrong with data.
}

// targets reads the files.
func (f *files) targets(ctx context.Context) ([]GroupTarget, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	names, err := f.match()
	if err != nil {
		return nil, err
	}
	var (
		all  []GroupTarget
		errs []error
	)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file := cmp.Or(f.known[name], new(file))
		f.known[name] = file
		if err := file.read(name); err != nil {
			errs = append(errs, err)
		}
		all = append(all, file.targets...)
	}
	for name := range f.known {
		if !slices.Contains(names, name) {
			delete(f.known, name)
		}
	}
	return all, joined(errs)
}

// match returns the names of the files.
func (f *files) match() ([]string, error) {
	dir, last := filepath.Split(f.pattern)
	if strings.ContainsAny(dir, "*?[") && !exists(dir) {
		return nil, fmt.Errorf("cannot read targets from %q: only the last element may be a pattern", f.pattern)
	}
	if !strings.ContainsAny(last, "*?[") || exists(f.pattern) {
		return []string{f.pattern}, nil
	}
	if _, err := filepath.Match(last, ""); err != nil {
		return nil, fmt.Errorf("cannot read targets from %q: %w", f.pattern, err)
	}
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil, fmt.Errorf("cannot read targets from %q: %w", f.pattern, err)
	}
	var names []string
	for _, entry := range entries { // They are sorted.
		if ok, _ := filepath.Match(last, entry.Name()); ok && !entry.IsDir() {
			names = append(names, dir+entry.Name())
		}
	}
	return names, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// read reads the file. If there is an error, the targets are those before.
func (f *file) read(name string) error {
	data, err := readFile(name)
	if err != nil {
		return fmt.Errorf("cannot read targets: %w", err)
	}
	if data != nil && bytes.Equal(data, f.data) {
		return f.err
	}
	f.data, f.err = data, nil
	targets, err := parseFile(name, data)
	if err != nil {
		f.err = fmt.Errorf("cannot read targets: %w", err)
		return f.err
	}
	f.targets = targets
	return nil
}

// maxFile is how large a file of targets may be.
const maxFile = 32 << 20

var errNoFormat = errors.New("its name has to end in .json, .yml or .yaml")

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // It was only read from.
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is too large: %d bytes are allowed", name, maxFile)
	}
	return data, err
}
