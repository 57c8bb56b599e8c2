package dashboard_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runScript runs a module that may import scripts of the page, and decodes its output into answer. It skips
// the test if Node.js is not installed.
func runScript(t *testing.T, script string, answer any) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node")
	}
	// Node.js reads .js files as modules only below a package.json that says so.
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "static"), os.DirFS("static")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"package.json": `{"type":"module"}`, "main.js": script} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, "main.js")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TZ=UTC")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("the script wrote %.500q: %v", out, err)
	}
}

func TestFormatOfValues(t *testing.T) {
	tests := []struct{ value, unit, want string }{
		{"0", "seconds", "0 s"},
		{"0.00012", "seconds", "120 µs"},
		{"-0.00012", "seconds", "−120 µs"},
		{"1e-12", "seconds", "0.001 ns"},
		{"1e-20", "seconds", "1×10⁻²⁰ s"},
		{"1e15", "seconds", "31.7M years"},
		{"1e30", "seconds", "3.17×10²² years"},
		{"1e9", "bytes", "954 MiB"},
		{"1e-5", "bytes", "1×10⁻⁵ B"},
		{"1e30", "bytes", "1×10³⁰ B"},
		{"-1e9", "bytes", "−954 MiB"},
		{"0.25", "ratio", "25 %"},
		{"1e-12", "ratio", "< 0.001 %"},
		{"-1e-12", "ratio", "> −0.001 %"},
		{"0", "ratio", "0 %"},
		{"0.5", "percent", "0.5 %"},
		{"1500000000", "timestamp", "14 Jul 2017, 02:40:00"},
		{"0", "timestamp", "0"},
		{"1e300", "timestamp", "1×10³⁰⁰"},
		{`"NaN"`, "timestamp", "NaN"},
		{`"NaN"`, "seconds", "NaN"},
		{`"+Inf"`, "bytes", "∞"},
		{`"-Inf"`, "ratio", "−∞"},
		{"null", "seconds", "–"},
	}
	var calls []string
	for _, test := range tests {
		calls = append(calls, fmt.Sprintf("value(%s, %q)", test.value, test.unit))
	}
	var got []string
	runScript(t, `import { value } from './static/format.js';
console.log(JSON.stringify([`+strings.Join(calls, ", ")+`]));`, &got)
	for i, test := range tests {
		if got[i] != test.want {
			t.Errorf("%s is written as %q, want %q", calls[i], got[i], test.want)
		}
	}
}
