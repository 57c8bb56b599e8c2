package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/luxfi/metric/remote"
)

// write replaces a file.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// listed returns targets as text, one per line.
func listed(targets []remote.GroupTarget) string {
	var b strings.Builder
	for _, target := range targets {
		fmt.Fprintf(&b, "%s %v\n", target.URL, target.Labels)
	}
	return b.String()
}

func TestFile(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a.yml", "- targets: [h1:9100, h2]\n  labels: {job: node}\n- targets: ['[::1]:80']\n",
			"http://h1:9100/metrics map[job:node]\nhttp://h2/metrics map[job:node]\nhttp://[::1]:80/metrics map[]\n"},
		{"b.yaml", "- targets:\n  - h1:1\n  labels:\n    __scheme__: https\n    __metrics_path__: /probe\n    __param_module: a b\n    __param_target: x/y\n    __meta_x: z\n    n: 7\n",
			"https://h1:1/probe?module=a+b&target=x%2Fy map[n:7]\n"},
		{"c.json", `[{"targets": ["h1:1"], "labels": {"a": "\ud83d\ude00", "__metrics_path__": "m"}}, {"targets": ["http://h2/x?y=z"]}]`,
			"http://h1:1/m map[a:😀]\nhttp://h2/x?y=z map[]\n"},
		{"d.json", "\n[\n\t\n]\n", ""},
		{"e.yml", "[]\n", ""},
		{"f.yml", "- labels: {a: b}\n- targets: []\n", ""},
		{"g.YML", "- targets: ['https://h/x']\n  labels: {__scheme__: http, __metrics_path__: /y}\n", "https://h/x map[]\n"},
		{"h.yml", "- &a\n  targets: [h1]\n- *a\n", "http://h1/metrics map[]\nhttp://h1/metrics map[]\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.name)
			write(t, path, test.text)
			targets, err := remote.File(path)(t.Context())
			if got := listed(targets); got != test.want || err != nil {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

// TestFileErrors checks that the earlier targets of a file remain when the file has an error, and that the
// error names the file and the line.
func TestFileErrors(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a.yml", "", "a.yml:1: the file is empty"},
		{"a.yml", "# Nothing.\n", "a.yml:1: the file is empty"},
		{"a.yml", "- targets: [h1]\n- targets: [h2\n", "yaml: line"},
		{"a.yml", "- targets: [h1]\n  labels: {job: 'x}\n", "line"},
		{"a.yml", "targets: [h1]\n", "line 1"},
		{"a.yml", "null\n", "not a list"},
		{"a.yml", "- targets: [h1]\n- h2\n", "a.yml:2: an entry of the list has no keys"},
		{"a.yml", "- targets: [h1]\n- target: [h2]\n", `a.yml:2: the key "target" is unknown`},
		{"a.yml", "- targets: h1\n", "line 1"},
		{"a.yml", "- targets: [h1]\n  labels: {a: [b]}\n", "line 2"},
		{"a.yml", "- targets: [h1]\n\n- targets: ['h2/metrics']\n", `a.yml:3: the target "h2/metrics" is neither`},
		{"a.yml", "- targets: ['']\n", "a.yml:1"},
		{"a.yml", "- targets: ['ftp://h']\n", "a.yml:1: cannot gather from"},
		{"a.yml", "- targets: [h1]\n  labels: {__scheme__: gopher}\n", "gopher"},
		{"a.yml", "- targets: [h1]\n  labels: {\"\": b}\n", "a.yml:1"},
		{"a.yml", "- targets: [h1]\n---\n- targets: [h2]\n", "second document"},
		{"a.json", "", "a.json:1: the file is empty"},
		{"a.json", "[{\"targets\": [\"h1\"]},\n{\"targets\":", "a.json:2: the file ends too early"},
		{"a.json", "[{\"targets\": [\"h1\"]},\n{\"targets\": [h2]}]", "a.json:2: invalid character"},
		{"a.json", "[{\"targets\": [\"h1\"]},\n\n{\"targets\": [7]}]", "a.json:3: "},
		{"a.json", "[\n{\"target\": [\"h2\"]}]", `a.json:2: json: unknown field "target"`},
		{"a.json", "{\"targets\": [\"h1\"]}", "a.json:1: the file is not a list"},
		{"a.json", "[]\n[]", "a.json:2: something follows the list"},
		{"a.json", "[{\"targets\": [\"h1\"]},\n {\"targets\": [\"\"]}]", "a.json:2: the target"},
	} {
		t.Run(test.text, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.name)
			write(t, path, `[{"targets": ["old"]}]`)
			source := remote.File(path)
			if _, err := source(t.Context()); err != nil {
				t.Fatal(err)
			}
			write(t, path, test.text)
			for range 2 { // The error is repeated until the file is corrected.
				targets, err := source(t.Context())
				wantError(t, err, test.want, path)
				if listed(targets) != "http://old/metrics map[]\n" {
					t.Errorf("got %s", listed(targets))
				}
			}
			write(t, path, `[{"targets": ["new"]}]`)
			if targets, err := source(t.Context()); err != nil || listed(targets) != "http://new/metrics map[]\n" {
				t.Errorf("at last, got %s, %v", listed(targets), err)
			}
			remove(t, path)
			targets, err := source(t.Context())
			if !errors.Is(err, fs.ErrNotExist) || len(targets) != 1 {
				t.Errorf("without the file, got %s, %v", listed(targets), err)
			}
		})
	}
}

func TestFilePatterns(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("a.yml"), "- targets: [a]\n")
	write(t, in("b.yml"), "- targets: [b]\n")
	write(t, in("c.json"), `[{"targets": ["c"]}]`)
	write(t, in("[x].yml"), "- targets: [x]\n")
	source := remote.File(in("*.yml"))
	check := func(want string) {
		t.Helper()
		targets, err := source(t.Context())
		if got := listed(targets); strings.ReplaceAll(got, " map[]\n", " ") != want || err != nil && !strings.Contains(err.Error(), "b.yml") {
			t.Errorf("got %s, %v", got, err)
		}
	}
	check("http://x/metrics http://a/metrics http://b/metrics ")
	write(t, in("a.yml"), "- targets: [a2]\n")
	write(t, in("b.yml"), "- targets: [")
	check("http://x/metrics http://a2/metrics http://b/metrics ") // A broken file does not affect others.
	remove(t, in("a.yml"))
	remove(t, in("[x].yml"))
	check("http://b/metrics ")
	remove(t, in("b.yml"))
	check("")
	write(t, in("[x].yml"), "- targets: [x]\n")
	source = remote.File(in("[x].yml")) // A name that exists is not a pattern.
	check("http://x/metrics ")

	for _, test := range []struct{ path, want string }{
		{in("[.yml"), "syntax error"},
		{filepath.Join(dir, "*", "a.yml"), "only the last element"},
		{in("none/*.yml"), "no such file"},
		{in("none.yml"), "no such file"},
		{in("c.txt"), "must end in"},
		{dir + string(filepath.Separator), "directory"},
	} {
		write(t, in("c.txt"), "[]")
		_, err := remote.File(test.path)(t.Context())
		wantError(t, err, test.want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end, got %v", err)
	}
}

// TestWatchedFile checks that a group follows changes of its file.
func TestWatchedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "targets.yml")
	write(t, path, "- targets: [a]\n")
	synctest.Test(t, func(t *testing.T) {
		group := fromSource(remote.File(path))
		defer group.Close()
		for _, step := range []struct{ text, want, err string }{
			{"", "a", ""},
			{"- targets: [a, b]\n", "a b", ""},
			{"- targets: [a, b\n", "a b", "line 1"},
			{"- targets: [c]\n  labels: {instance: d}\n", "d", ""},
		} {
			if step.text != "" {
				write(t, path, step.text)
			}
			got, err := names(t, group, 10*time.Second)
			if got != step.want {
				t.Errorf("%q: got %q, %v", step.text, got, err)
			}
			if step.err != "" {
				wantError(t, err, step.err, path)
			} else if err != nil {
				t.Error(err)
			}
			time.Sleep(6 * time.Second)
		}
	})
}

// FuzzFile checks that, for every file, File returns either valid targets or an error of limited size and
// no targets.
func FuzzFile(f *testing.F) {
	f.Add(true, "- targets: [h1:9100]\n  labels: {job: node, __param_x: y}\n")
	f.Add(false, `[{"targets": ["h1:1"], "labels": {"a": "b"}}]`)
	f.Fuzz(func(t *testing.T, isYAML bool, text string) {
		path := filepath.Join(t.TempDir(), "targets.json")
		if isYAML {
			path = filepath.Join(t.TempDir(), "targets.yml")
		}
		write(t, path, text)
		targets, err := remote.File(path)(t.Context())
		if err != nil {
			wantError(t, err)
			if len(targets) > 0 {
				t.Errorf("got %v besides %v", targets, err)
			}
			return
		}
		group := remote.NewGroup(remote.GroupOpts{})
		if err := group.Set(targets); err != nil && !strings.Contains(err.Error(), "same label") {
			t.Errorf("%v is not valid: %v", targets, err)
		}
	})
}
