package exporter

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

// hidden stands for a secret in everything that people read.
const hidden = "<secret>"

// maxSecret is how large a file with a secret may be, in bytes.
const maxSecret = 1 << 20

// Secret is a text in a configuration that is shown to no one: String, MarshalYAML, MarshalJSON,
// MarshalText, LogValue and Format hide it. Only that it is empty is shown. In YAML it is a string,
// or {env: NAME} for the value of an environment variable, or {file: path} for the content of a
// file without the newline at its end; a relative path is relative to the configuration file.
//
// The environment and the file are read when the configuration is decoded. It is an error if the
// variable is not set, or the file cannot be read.
//
// Secrets cannot be compared by ==, but by [reflect.DeepEqual]. The zero Secret is empty. A Secret
// is safe for concurrent use.
type Secret struct {
	_ [0]func() // The operator == would compare pointers.

	// The text, or nil if it is empty. Package fmt does not call the methods of a Secret in an
	// unexported field, but prints what it consists of: that is an address, not the text.
	value *string
}

// NewSecret returns a secret.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.value == nil }

// String returns "<secret>", or nothing if the secret is empty.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return hidden
}

// Format writes what String returns, for each verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String returns.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns what String returns as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML returns what String returns.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalYAML reads the secret, wherever it is kept.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	const allowed = "must be a string, {env: NAME} or {file: path}"
	switch n.Kind {
	case yaml.ScalarNode:
		if tag := n.ShortTag(); strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
			return strictyaml.Errorf(n, "%s; a text that begins with ! must be in quotes", allowed)
		}
		var text string
		if err := n.Decode(&text); err != nil {
			return strictyaml.Errorf(n, "%s", allowed) // The error may have a part of the secret.
		}
		*s = NewSecret(text)
		return nil
	case yaml.MappingNode:
	default:
		return strictyaml.Errorf(n, "%s, not a list", allowed)
	}
	var from struct {
		Env  string `yaml:"env"`
		File string `yaml:"file"`
	}
	if err := strictyaml.Decode("", n, &from); err != nil {
		return err
	}
	switch {
	case from.Env != "" && from.File == "":
		text, ok := os.LookupEnv(from.Env)
		if !ok {
			return strictyaml.Errorf(n, "the environment variable %s is not set", from.Env)
		}
		*s = NewSecret(text)
		return nil
	case from.File != "" && from.Env == "":
		path := from.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(strictyaml.Dir(n), path)
		}
		text, err := readLimited(path, maxSecret)
		if err != nil {
			return strictyaml.Errorf(n, "%w", err)
		}
		*s = NewSecret(withoutNewline(string(text)))
		return nil
	default:
		return strictyaml.Errorf(n, "%s", allowed)
	}
}

// withoutNewline returns text without one newline at its end.
func withoutNewline(text string) string {
	if rest, ok := strings.CutSuffix(text, "\n"); ok {
		return strings.TrimSuffix(rest, "\r")
	}
	return text
}
