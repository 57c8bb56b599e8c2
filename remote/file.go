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
// A target is either a host and a port or a whole URL. The labels __scheme__, __metrics_path__ and
// __param_<name> change the URL of a host and port as they do in Prometheus. Other labels that begin with
// two underscores are left out.
//
// In the last element of path, * and ? stand for parts of a name, as in [filepath.Match], so that path can
// match several files, or none. A path without such characters must exist.
//
// Each call of the function reads the files and returns all targets in them. If a file is not valid, the
// error gives the line, and the function returns the earlier targets of that file together with the targets
// of the other files. To change a file, a program should write another file and rename it, because half of a
// file may be valid, too. An empty file is an error: use [] for a list without targets.
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

// file is the state of a file when it was last read.
type file struct {
	data    []byte
	targets []GroupTarget // targets of the last valid version
	err     error         // what is wrong with data
}

// targets reads the files and returns their targets.
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

// match returns the names of the matching files.
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
	for _, entry := range entries { // ReadDir returns them sorted.
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

// read reads the file. If there is an error, the file keeps its earlier targets.
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

// maxFile limits the size of a file of targets.
const maxFile = 32 << 20

var errNoFormat = errors.New("its name must end in .json, .yml or .yaml")

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
