package exporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/luxfi/metric/exporter/internal/strictyaml"
)

const hunter = "hunter2"

func TestSecretIsHidden(t *testing.T) {
	type holder struct {
		Public  Secret
		Pointer *Secret
		List    []Secret
		private Secret
	}
	s := NewSecret(hunter)
	h := holder{s, &s, []Secret{s}, s}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%10.3s"} {
		for _, v := range []any{s, &s, h, &h, map[string]Secret{"a": s}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, v := range []any{s, h, &h} {
		text, err := json.Marshal(v)
		fmt.Fprintf(&out, "%s %v\n", text, err)
		text, err = yaml.Marshal(v)
		fmt.Fprintf(&out, "%s %v\n", text, err)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	text, err := s.MarshalText()
	fmt.Fprintf(&out, "%s %v\n", text, err)
	_ = h.private
	for _, form := range []string{hunter, fmt.Sprintf("%x", hunter)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q is in\n%s", form, out.String())
		}
	}
	if fmt.Sprint(s) != "<secret>" || s.String() != "<secret>" || s.Reveal() != hunter {
		t.Errorf("it is %v, and reveals %q", s, s.Reveal())
	}
}

func TestSecretsAreCompared(t *testing.T) {
	type settings struct{ Password Secret }
	for _, tc := range []struct {
		a, b Secret
		want bool
	}{
		{NewSecret("a"), NewSecret("a"), true}, {NewSecret("a"), NewSecret("b"), false},
		{NewSecret(""), Secret{}, true}, {NewSecret("a"), Secret{}, false},
	} {
		if got := reflect.DeepEqual(settings{tc.a}, settings{tc.b}); got != tc.want {
			t.Errorf("%q and %q: %v", tc.a.Reveal(), tc.b.Reveal(), got)
		}
	}
}

func TestSecretFromYAML(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("plain", hunter)
	write("newline", hunter+"\n")
	write("two", hunter+"\n\n")
	write("windows", hunter+"\r\n")
	write("return", hunter+"\r")
	write("empty", "")
	write("large", strings.Repeat("x", maxSecret+1))
	t.Setenv("UP_SECRET", hunter)
	t.Setenv("UP_EMPTY", "")
	absolute, err := yaml.Marshal(filepath.Join(dir, "plain"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ text, want, wrong string }{
		{text: "hunter2", want: hunter},
		{text: "12345", want: "12345"},
		{text: "0x10", want: "0x10"},
		{text: "true", want: "true"},
		{text: "!!binary aHVudGVyMg==", want: hunter},
		{text: "''"},
		{text: "~"},
		{text: "!hunter2", wrong: "must be in quotes"},
		{text: "{env: UP_SECRET}", want: hunter},
		{text: "{env: UP_EMPTY}"},
		{text: "{file: plain}", want: hunter},
		{text: "{file: newline}", want: hunter},
		{text: "{file: two}", want: hunter + "\n"},
		{text: "{file: windows}", want: hunter},
		{text: "{file: return}", want: hunter + "\r"},
		{text: "{file: empty}"},
		{text: "{file: " + string(bytes.TrimSpace(absolute)) + "}", want: hunter},
		{text: "{env: UP_MISSING}", wrong: "the environment variable UP_MISSING is not set"},
		{text: "{file: missing}", wrong: "missing"},
		{text: "{file: .}", wrong: "is a directory"},
		{text: "{file: large}", wrong: "is too large: at most 1024 KiB are allowed"},
		{text: "{file: plain, env: UP_SECRET}", wrong: "must be a string, {env: NAME} or {file: path}"},
		{text: "{}", wrong: "must be a string, {env: NAME} or {file: path}"},
		{text: "[hunter2]", wrong: "must be a string, {env: NAME} or {file: path}, not a list"},
		{text: "{fil: hunter2}", wrong: "unknown key, did you mean file? allowed are: env, file"},
		{text: "!!binary hunter2%", wrong: "must be a string"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			path := filepath.Join(dir, "c.yml")
			n, err := strictyaml.Parse(path, []byte("\npassword: "+tc.text))
			if err != nil {
				t.Fatal(err)
			}
			var c struct{ Password Secret }
			err = strictyaml.Decode(path, n, &c)
			if tc.wrong == "" {
				if err != nil || c.Password.Reveal() != tc.want {
					t.Errorf("got %q, %v", c.Password.Reveal(), err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), path+":2: password") || !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("got %v, want %s", err, tc.wrong)
			} else if strings.Contains(err.Error(), hunter) {
				t.Errorf("%v has the secret", err)
			}
		})
	}
}

// wrapped decodes itself with Node.Decode.
type wrapped struct{ Password Secret }

func (w *wrapped) UnmarshalYAML(n *yaml.Node) error {
	type plain wrapped
	return n.Decode((*plain)(w))
}

// TestSecretInOtherMethods checks secrets in types that have UnmarshalYAML methods: their files are relative
// to the configuration.
func TestSecretInOtherMethods(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pw"), []byte(hunter), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "c.yml")
	n, err := strictyaml.Parse(path, []byte("a: &a {file: pw}\nb:\n  password: *a\nc:\n  password: {file: no}\nd: {password: {<<: *a}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		A       Secret
		B, C, D wrapped
	}
	err = strictyaml.Decode(path, n, &c)
	if c.A.Reveal() != hunter || c.B.Password.Reveal() != hunter || c.D.Password.Reveal() != hunter {
		t.Errorf("got %q, %q and %q", c.A.Reveal(), c.B.Password.Reveal(), c.D.Password.Reveal())
	}
	if err == nil || !strings.HasPrefix(err.Error(), path+":5: c: open ") {
		t.Errorf("got %v", err)
	}
}
