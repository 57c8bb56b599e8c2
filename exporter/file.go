package exporter

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
	"github.com/luxfi/metric/exporter/probe"
)

// maxFile is the size limit of a configuration file, in bytes.
const maxFile = 16 << 20

// file is a decoded configuration file.
type file struct {
	Collectors map[string]collectorSection `yaml:"collectors,omitempty"`
	Groups     map[string]groupSection     `yaml:"groups,omitempty"`
	Probes     probe.Config                `yaml:",inline"`

	path     string // empty if there is no file
	settings any    // the program's part
}

// collectorSection is a configuration file's section about a collector.
type collectorSection struct {
	Enabled *bool        `yaml:"enabled,omitempty"`
	Policy  policyChange `yaml:",inline"`
	Line    int          `yaml:"-"` // line of the collector's name
}

// groupSection is a configuration file's section about a group.
type groupSection struct {
	MaxConcurrent int `yaml:"max_concurrent"`
}

// UnmarshalYAML reads and checks the section.
func (g *groupSection) UnmarshalYAML(n *yaml.Node) error {
	type plain groupSection
	if err := strictyaml.Decode("", n, (*plain)(g)); err != nil {
		return err
	}
	if g.MaxConcurrent <= 0 {
		return &strictyaml.Error{Line: n.Line, Path: "max_concurrent", Message: fmt.Sprintf("is %d, but must be positive", g.MaxConcurrent)}
	}
	return nil
}

// readFile reads a configuration file, strictly. It decodes keys that this package does not define
// into settings, a pointer to a struct or nil. An empty path stands for an empty file.
//
// If readFile returns an error, it may have set a part of settings. The error lists everything that is
// wrong, with file and line.
func readFile(path string, settings any) (*file, error) {
	if err := checkSettings(settings); err != nil {
		return nil, err
	}
	f := &file{path: path, settings: settings}
	if path == "" {
		return f, nil
	}
	data, err := readLimited(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	root, err := strictyaml.Parse(path, data)
	if err != nil {
		return nil, err
	}
	parts := []any{f}
	if settings != nil {
		parts = append(parts, settings)
	}
	if err := strictyaml.DecodeParts(path, root, parts...); err != nil {
		return nil, err
	}
	if err := f.finish(root); err != nil {
		return nil, err
	}
	return f, nil
}

// finish adds line numbers to the sections. It also checks the empty sections, because the decoder
// skips them.
func (f *file) finish(root *yaml.Node) error {
	for name, line := range strictyaml.Lines(root, "collectors") {
		if section, ok := f.Collectors[name]; ok {
			section.Line = line
			f.Collectors[name] = section
		}
	}
	for name, line := range strictyaml.Lines(root, "groups") {
		if section, ok := f.Groups[name]; ok && section.MaxConcurrent == 0 {
			return &strictyaml.Error{File: f.path, Line: line, Path: "groups." + name, Message: "max_concurrent is required, and must be positive"}
		}
	}
	return nil
}

// checkSettings returns an error if a program's settings cannot be decoded from a file: they must be
// nil or a pointer to a struct, and must not have a key that this package defines.
func checkSettings(settings any) error {
	if settings == nil {
		return nil
	}
	if v := reflect.ValueOf(settings); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("settings of the program: a %T that is nil", settings)
	}
	if _, err := strictyaml.Keys(new(file), settings); err != nil {
		return fmt.Errorf("settings of the program: %w", err)
	}
	return nil
}

// readLimited reads a file. It fails if the file is larger than limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // The path comes from a flag.
	if err != nil {
		return nil, err
	}
	data, err := readOpen(f, path, limit)
	return data, errors.Join(err, f.Close())
}

func readOpen(f *os.File, path string, limit int64) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a directory, not a file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is too large: at most %d KiB are allowed", path, limit>>10)
	}
	return data, nil
}
