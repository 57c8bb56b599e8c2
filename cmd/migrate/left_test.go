package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/luxfi/metric/cmd/migrate/internal/migrate"
)

// TestLeftOver migrates a program that does not compile afterwards.
func TestLeftOver(t *testing.T) {
	t.Parallel()
	p := unpack(t, "testdata/left-over.txtar")
	before := p.files(t)
	report := p.migrate(t, 1)
	sameFiles(t, p.files(t), before)
	for _, want := range []string{
		"1 errors remain; fix them by hand:\n  app.go:12: invalid operation: lib.NewVec(\"v_total\") == requests (mismatched types",
		"    make the vector with client_golang",
		"app.go:11: bridged to client_golang's *CounterVec",
		"app.go:16: holds for a CounterVec that was made with this prometheus",
		"app.go:17: Gather returns a *GatherError",
		"Nothing was written.",
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}

	report = p.migrate(t, 1, "-partial")
	if !strings.Contains(report, "They do not compile yet") || !strings.Contains(p.files(t)["app.go"], "lib.Count(prometheus.BridgeCounterVec(requests), \"x\")") {
		t.Errorf("with -partial:\n%s\n%s", report, p.files(t)["app.go"])
	}
}

// TestBroken migrates and reverts a program that does not compile to begin with.
func TestBroken(t *testing.T) {
	t.Parallel()
	p := unpack(t, "testdata/left-over.txtar")
	if err := os.WriteFile(filepath.Join(p.dir, "broken_test.go"), []byte("package app\n\nvar _ int = Same\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := p.files(t)
	for _, flags := range [][]string{nil, {"-revert"}} {
		report := p.migrate(t, 1, flags...)
		if !strings.Contains(report, "example.com/app does not compile, so it was left as it is:\n  broken_test.go:3:13: cannot use Same") {
			t.Errorf("the report is\n%s", report)
		}
	}
	if !maps.Equal(p.files(t), before) {
		t.Error("the module was changed")
	}
}

// TestMisuse runs the command in a folder without a module, and with unknown arguments.
func TestMisuse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{t.TempDir()}, "has no go.mod: migrate changes whole modules"},
		{[]string{"a", "b"}, "got 2 arguments, want the folder of one module"},
		{[]string{"-platforms", "windows", "."}, `"windows" is not of the form linux/amd64`},
		{[]string{"-unknown"}, "flag provided but not defined: -unknown"},
	} {
		var stdout, stderr bytes.Buffer
		if code := migrate.Main(context.Background(), test.args, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), test.want) {
			t.Errorf("migrate %q ends with %d and prints %s, want 2 and %s", test.args, code, &stderr, test.want)
		}
	}
}

// TestHelp checks that the help says which changes -revert does not undo.
func TestHelp(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := migrate.Main(context.Background(), []string{"-h"}, &stdout, &stderr); code != 0 || !strings.Contains(stderr.String(), "raised in go.mod stay") {
		t.Errorf("migrate -h ends with %d and prints %s", code, &stderr)
	}
}
