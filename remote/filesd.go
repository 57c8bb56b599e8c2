package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/luxfi/metric/internal/model"
)

// entry is an element of the list in a file of targets.
type entry struct {
	line    int
	Targets []string          `json:"targets" yaml:"targets"`
	Labels  map[string]string `json:"labels" yaml:"labels"`
}

// lineError is an error in a line of a file.
type lineError struct {
	file string
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.file, e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// parseFile reads the content of a file of targets.
func parseFile(name string, data []byte) ([]GroupTarget, error) {
	var (
		entries []entry
		err     error
	)
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		entries, err = parseJSON(name, data)
	case ".yml", ".yaml":
		entries, err = parseYAML(name, data)
	default:
		err = fmt.Errorf("%s: %w", name, errNoFormat)
	}
	if err != nil {
		return nil, err
	}
	var all []GroupTarget
	for i := range entries {
		for _, target := range entries[i].Targets {
			t, err := entries[i].target(target)
			if err != nil {
				return nil, &lineError{name, entries[i].line, err}
			}
			all = append(all, t)
		}
	}
	return all, nil
}

// errEmpty reports a file that was probably written only in part.
var errEmpty = errors.New("the file is empty: a list without targets is []")

// parseJSON reads the list entry by entry, so that it knows the line of each.
func parseJSON(name string, data []byte) ([]entry, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	failed := func(err error) error {
		at := d.InputOffset()
		var (
			syntax *json.SyntaxError
			typ    *json.UnmarshalTypeError
		)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			at, err = int64(len(data)), errors.New("the file ends too early")
		case errors.As(err, &syntax):
			at = syntax.Offset
		case errors.As(err, &typ):
			err = fmt.Errorf("%s is a JSON %s: a list of entries with targets, a list of strings, and labels, all strings, is expected", typ.Field, typ.Value)
		}
		return &lineError{name, lineAt(data, at), err}
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &lineError{name, 1, errEmpty}
	}
	switch token, err := d.Token(); {
	case err != nil:
		return nil, failed(err)
	case token != json.Delim('['):
		return nil, failed(errors.New("the file is not a list"))
	}
	var entries []entry
	for d.More() {
		rest := data[d.InputOffset():]
		start := len(data) - len(bytes.TrimLeft(rest, " \t\r\n,"))
		e := entry{line: lineAt(data, int64(start))}
		if err := d.Decode(&e); err != nil {
			return nil, failed(err)
		}
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil {
		return nil, failed(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, failed(errors.New("something follows the list"))
	}
	return entries, nil
}

// lineAt returns the line of the byte at offset.
func lineAt(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(max(int(offset), 0), len(data))], []byte("\n"))
}

func parseYAML(name string, data []byte) ([]entry, error) {
	var nodes []yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	switch err := d.Decode(&nodes); {
	case errors.Is(err, io.EOF):
		return nil, &lineError{name, 1, errEmpty}
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, bounded(err)) // The error gives the line.
	case nodes == nil:
		return nil, &lineError{name, 1, errors.New("the file is not a list: a list without targets is []")}
	}
	entries := make([]entry, len(nodes))
	for i := range nodes {
		entries[i].line = nodes[i].Line
		if err := checkKeys(&nodes[i]); err != nil {
			return nil, &lineError{name, nodes[i].Line, err}
		}
		if err := nodes[i].Decode(&entries[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, bounded(err))
		}
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: a second document follows the list", name)
	}
	return entries, nil
}

// checkKeys returns an error if a node is not a mapping, or has a key that an entry does not have.
func checkKeys(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return errors.New("an entry of the list has no keys: targets and labels are expected")
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; key != "targets" && key != "labels" {
			return fmt.Errorf("the key %.100q is unknown: targets and labels are expected", key)
		}
	}
	return nil
}

// The labels that change the URL of a target.
const (
	schemeLabel = "__scheme__"
	pathLabel   = "__metrics_path__"
	paramPrefix = "__param_"
)

// target returns the target with the given address. The address is a host and a port, or a URL.
func (e *entry) target(address string) (GroupTarget, error) {
	t := GroupTarget{URL: address, Labels: make(prometheus.Labels, len(e.Labels))}
	for name, value := range e.Labels {
		if !strings.HasPrefix(name, "__") {
			t.Labels[name] = value
		}
	}
	list := make([]model.Label, 0, len(t.Labels))
	for name, value := range t.Labels {
		list = append(list, model.Label{Name: name, Value: value})
	}
	if _, err := model.NewLabels(list); err != nil {
		return GroupTarget{}, err
	}
	if !strings.Contains(address, "://") {
		if err := checkAddress(address); err != nil {
			return GroupTarget{}, err
		}
		t.URL = e.url(address)
	}
	_, err := parseURL(t.URL)
	return t, err
}

// checkAddress returns an error if address is not a host and port.
func checkAddress(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil { // The port may be missing.
		host = address
	}
	if host == "" || strings.ContainsAny(address, "/?#@ \t\r\n") {
		return fmt.Errorf("the target %.100q is neither a host and port nor a URL that begins with http:// or https://", address)
	}
	return nil
}

// url returns the URL of a host and port, with the changes that the labels ask for.
func (e *entry) url(address string) string {
	u := url.URL{Scheme: "http", Host: address, Path: "/metrics"}
	if scheme := e.Labels[schemeLabel]; scheme != "" {
		u.Scheme = scheme
	}
	if path := e.Labels[pathLabel]; path != "" {
		u.Path = path
		if !strings.HasPrefix(path, "/") {
			u.Path = "/" + path
		}
	}
	params := make(url.Values)
	for name, value := range e.Labels {
		if name, ok := strings.CutPrefix(name, paramPrefix); ok && name != "" {
			params.Set(name, value)
		}
	}
	u.RawQuery = params.Encode()
	return u.String()
}
