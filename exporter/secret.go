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

// hidden replaces a secret in everything that people read.
const hidden = "<secret>"

// maxSecret is the size limit of a file with a secret, in bytes.
const maxSecret = 1 << 20

// Secret is a string in a configuration that must not be disclosed. Its methods String, MarshalYAML,
// MarshalJSON, MarshalText, LogValue and Format show only whether it is empty. In YAML, a secret is a
// string, or {env: NAME} for the value of an environment variable, or {file: path} for the content of a
// file without its final newline. A relative path is relative to the configuration file.
//
// The environment variable or file is read when the configuration is decoded. Decoding fails if the
// variable is not set or the file cannot be read.
//
// The operator == cannot compare secrets, but [reflect.DeepEqual] can. The zero Secret is empty. A
// Secret is safe for concurrent use.
type Secret struct {
	_ [0]func() // forbids ==, which would compare pointers

	// value is the text, or nil if it is empty. Package fmt does not call the methods of a Secret in an
	// unexported field. It prints the Secret's fields instead: for a pointer, the address, not the text.
	value *string
}

// NewSecret returns a secret whose text is value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the secret's text.
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

// Format writes the result of String, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns the result of String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns the result of String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns the result of String as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML returns the result of String.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalYAML reads the secret from the node, or from the environment variable or file that it names.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	const allowed = "must be a string, {env: NAME} or {file: path}"
	switch n.Kind {
	case yaml.ScalarNode:
		if tag := n.ShortTag(); strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
			return strictyaml.Errorf(n, "%s; a text that begins with ! must be in quotes", allowed)
		}
		var text string
		if err := n.Decode(&text); err != nil {
			return strictyaml.Errorf(n, "%s", allowed) // The decoder's error may contain a part of the secret.
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

// withoutNewline returns text without a final newline.
func withoutNewline(text string) string {
	if rest, ok := strings.CutSuffix(text, "\n"); ok {
		return strings.TrimSuffix(rest, "\r")
	}
	return text
}
